//! Talks to a running server.

use std::io::Read;
use std::path::Path;

use serde_json::Value;
use ureq::http::Response;
use ureq::tls::{Certificate, PemItem, TlsConfig, parse_pem};
use ureq::{Agent, Body, RequestBuilder};

use super::error::Failure;

/// A server and the token for it.
pub(super) struct Client {
    agent: Agent,
    base: String,
    token: Option<String>,
}

/// Bytes, and what tells their states apart.
pub(super) type Tagged = (Vec<u8>, Option<String>);

impl Client {
    /// For a server whose certificate comes from a public authority, or from one of a file.
    pub(super) fn new(
        server: &str,
        token: Option<&str>,
        authorities: Option<&Path>,
    ) -> Result<Self, Failure> {
        let mut config = Agent::config_builder().http_status_as_error(false);
        if let Some(file) = authorities {
            let roots = read_authorities(file)?;
            config = config.tls_config(TlsConfig::builder().root_certs(roots.into()).build());
        }
        Ok(Self {
            agent: config.build().into(),
            base: server.trim_end_matches('/').to_owned(),
            token: token.map(str::to_owned),
        })
    }

    /// Adds the token, if there is one.
    fn authorized<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Asks for JSON; the parameters go into the query string.
    pub(super) fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Value, Failure> {
        let mut response = self.get_raw(path, parameters)?;
        read_json(&mut response)
    }

    /// Asks for a body to be read as it comes.
    pub(super) fn get_reader(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> Result<impl Read + use<>, Failure> {
        let response = self.get_raw(path, parameters)?;
        Ok(response.into_body().into_with_config().limit(u64::MAX).reader())
    }

    /// Asks for the bytes of something unless it is as it was; with what tells its states apart.
    pub(super) fn get_if_changed(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        etag: Option<&str>,
    ) -> Result<Option<Tagged>, Failure> {
        let mut request = self.agent.get(self.url(path));
        for (name, value) in parameters {
            request = request.query(*name, *value);
        }
        if let Some(etag) = etag {
            request = request.header("if-none-match", etag);
        }
        let response = self.authorized(request).call()?;
        if response.status().as_u16() == 304 {
            return Ok(None);
        }
        let response = refuse_problems(response)?;
        let etag = response.headers().get("etag").and_then(|value| value.to_str().ok());
        let etag = etag.map(str::to_owned);
        let body = response.into_body().into_with_config().limit(1 << 30).read_to_vec()?;
        Ok(Some((body, etag)))
    }

    fn get_raw(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Response<Body>, Failure> {
        let mut request = self.agent.get(self.url(path));
        for (name, value) in parameters {
            request = request.query(*name, *value);
        }
        refuse_problems(self.authorized(request).call()?)
    }

    /// Sends JSON and reads JSON.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let request = self.authorized(self.agent.post(self.url(path)));
        let mut response = refuse_problems(request.send_json(body)?)?;
        read_json(&mut response)
    }

    /// Puts JSON and reads JSON.
    pub(super) fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let request = self.authorized(self.agent.put(self.url(path)));
        let mut response = refuse_problems(request.send_json(body)?)?;
        read_json(&mut response)
    }

    /// Deletes what JSON says and reads JSON.
    pub(super) fn delete_with(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let request = self.authorized(self.agent.delete(self.url(path)).force_send_body());
        let mut response = refuse_problems(request.send_json(body)?)?;
        read_json(&mut response)
    }

    /// Changes a record and reads JSON.
    pub(super) fn patch(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.patch_version(path, body, None)
    }

    /// As [`Client::patch`], only if the record still has a version.
    pub(super) fn patch_version(
        &self,
        path: &str,
        body: &Value,
        version: Option<u64>,
    ) -> Result<Value, Failure> {
        let mut request = self.authorized(self.agent.patch(self.url(path)));
        if let Some(version) = version {
            request = request.header("if-match", format!("\"{version}\""));
        }
        let mut response = refuse_problems(request.send_json(body)?)?;
        read_json(&mut response)
    }

    /// Removes a record.
    pub(super) fn delete(&self, path: &str) -> Result<(), Failure> {
        let request = self.authorized(self.agent.delete(self.url(path)));
        refuse_problems(request.call()?)?;
        Ok(())
    }

    /// Asks for a record to be removed and reads JSON.
    pub(super) fn delete_for(&self, path: &str) -> Result<Value, Failure> {
        let request = self.authorized(self.agent.delete(self.url(path)));
        let mut response = refuse_problems(request.call()?)?;
        read_json(&mut response)
    }

    /// Sends a file as it comes and reads JSON.
    pub(super) fn upload(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        body: &mut dyn Read,
    ) -> Result<Value, Failure> {
        let mut request = self.agent.post(self.url(path)).header("content-type", "text/csv");
        for (name, value) in parameters {
            request = request.query(*name, *value);
        }
        request = self.authorized(request);
        let mut body = body;
        let mut response = refuse_problems(request.send(ureq::SendBody::from_reader(&mut body))?)?;
        read_json(&mut response)
    }
}

/// The certificates of a PEM file.
fn read_authorities(file: &Path) -> Result<Vec<Certificate<'static>>, Failure> {
    let failed = |source| Failure::Io { path: file.to_owned(), source };
    let text = std::fs::read(file).map_err(failed)?;
    let mut authorities = Vec::new();
    for item in parse_pem(&text) {
        match item {
            Ok(PemItem::Certificate(certificate)) => authorities.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(failed(std::io::Error::other(error))),
        }
    }
    if authorities.is_empty() {
        return Err(failed(std::io::Error::other("there is no certificate in it")));
    }
    Ok(authorities)
}

fn refuse_problems(mut response: Response<Body>) -> Result<Response<Body>, Failure> {
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    let problem: Value = response.body_mut().read_json().unwrap_or(Value::Null);
    let detail = problem.get("detail").and_then(Value::as_str).unwrap_or("no reason was given");
    Err(Failure::Refused { detail: format!("the server answered {status}: {detail}") })
}

fn read_json(response: &mut Response<Body>) -> Result<Value, Failure> {
    Ok(response.body_mut().with_config().limit(1 << 30).read_json()?)
}

/// A text as a part of a path.
pub(super) fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
