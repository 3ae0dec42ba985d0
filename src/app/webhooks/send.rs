//! Sending one delivery, signed as Standard Webhooks have it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;

use super::address::PublicOnly;
use crate::app::feed::ChangeEvent;
use crate::domain::time::Timestamp;

/// How long the other side may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What sends.
pub(super) fn agent(allows_private: bool) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(PATIENCE))
        .user_agent("ringdex-webhooks/1")
        .build();
    let resolver = PublicOnly { allows_private, inner: DefaultResolver::default() };
    ureq::Agent::with_parts(config, DefaultConnector::default(), resolver)
}

/// The signature of a message.
pub(super) fn signature(secret: &[u8], id: &str, seconds: i64, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Sends an event; the status of the answer, or why there is none.
pub(super) fn send(
    agent: &ureq::Agent,
    url: &str,
    (id, secret): (&str, &[u8]),
    event: &ChangeEvent,
    now: Timestamp,
) -> Result<u16, String> {
    let body = json!({"type": event.event, "timestamp": event.at, "data": event}).to_string();
    let seconds = now.0 / 1_000;
    let sent = agent
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds.to_string())
        .header("webhook-signature", signature(secret, id, seconds, &body))
        .send(body.as_bytes());
    match sent {
        Ok(answer) => Ok(answer.status().as_u16()),
        Err(ureq::Error::HostNotFound) => {
            Err("the host has no address that may be reached: inside this network only with \
             --webhooks-to-private-addresses"
                .to_owned())
        }
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_signed_as_the_standard_has_it() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = r#"{"test": 2432232314}"#;
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
