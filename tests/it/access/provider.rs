//! A small provider of single sign-on on loopback, which signs what a test wants.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use rcgen::{KeyPair, PublicKeyData, SigningKey};
use ringdex::domain::time::Clock;
use serde_json::{Value, json};

/// The name of the server at the provider.
pub(super) const CLIENT: &str = "ringdex-test";
/// The secret that goes with it.
pub(super) const SECRET: &str = "a secret of the client";

struct Inner {
    key: KeyPair,
    key_id: String,
    /// The proof and the token of every code that was not used yet.
    codes: HashMap<String, (String, String)>,
}

/// The provider; ends with this value.
pub(super) struct Provider {
    address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
    is_ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Provider {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Inner { key: new_key(), key_id: "first".to_owned(), codes: HashMap::new() };
        let (inner, is_ending) = (Arc::new(Mutex::new(inner)), Arc::new(AtomicBool::new(false)));
        let (shared, ending) = (Arc::clone(&inner), Arc::clone(&is_ending));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ending.load(Ordering::Relaxed) {
                    return;
                }
                // A client that goes away is its own affair.
                let _ = answer(&stream.unwrap(), address, &shared);
            }
        });
        Self { address, inner, is_ending, thread: Some(thread) }
    }

    pub(super) fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes a new key, as providers do now and then.
    pub(super) fn change_key(&self) {
        let mut inner = self.inner.lock().unwrap();
        inner.key = new_key();
        "second".clone_into(&mut inner.key_id);
    }

    /// Claims that are right.
    pub(super) fn claims(&self, nonce: &str, subject: &str, email: &str) -> Value {
        let now = Clock::system().now().0 / 1_000;
        json!({"iss": self.issuer(), "aud": CLIENT, "sub": subject, "iat": now, "exp": now + 300,
            "nonce": nonce, "email": email, "email_verified": true, "name": "Jane Doe"})
    }

    /// A code for a token with these claims.
    pub(super) fn code(&self, challenge: &str, claims: &Value) -> String {
        let token = {
            let inner = self.inner.lock().unwrap();
            sign(&inner.key, &json!({"alg": "EdDSA", "kid": inner.key_id}), claims)
        };
        self.code_for(challenge, token)
    }

    /// A code for this token.
    pub(super) fn code_for(&self, challenge: &str, token: String) -> String {
        let code = uuid::Uuid::now_v7().simple().to_string();
        let mut inner = self.inner.lock().unwrap();
        inner.codes.insert(code.clone(), (challenge.to_owned(), token));
        code
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.is_ending.store(true, Ordering::Relaxed);
        let _wakes_it = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub(super) fn new_key() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap()
}

/// A signed token.
pub(super) fn sign(key: &KeyPair, header: &Value, claims: &Value) -> String {
    let body = format!(
        "{}.{}",
        base64(header.to_string().as_bytes()),
        base64(claims.to_string().as_bytes())
    );
    let signature = key.sign(body.as_bytes()).unwrap();
    format!("{body}.{}", base64(&signature))
}

/// Base64 for URLs, without padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 4];
        group[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(group);
        for at in 0..=chunk.len() {
            let index = usize::try_from((bits >> (18 - 6 * at)) & 63).unwrap();
            out.push(char::from(LETTERS[index]));
        }
    }
    out
}

fn answer(stream: &TcpStream, address: SocketAddr, inner: &Mutex<Inner>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let (mut length, mut is_client) = (0, false);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        let (name, value) = line.trim().split_once(':').unwrap_or(("", ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => is_client = value.trim().starts_with("Basic "),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let form = String::from_utf8_lossy(&body).into_owned();
    let base = format!("http://{address}");
    let path = first.split(' ').nth(1).unwrap_or("");
    let (status, json) = match path {
        "/.well-known/openid-configuration" => (
            200,
            json!({"issuer": base, "authorization_endpoint": format!("{base}/authorize"),
                "token_endpoint": format!("{base}/token"), "jwks_uri": format!("{base}/keys"),
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["EdDSA"]}),
        ),
        "/keys" => {
            let inner = inner.lock().unwrap();
            let key = base64(inner.key.der_bytes());
            (
                200,
                json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                "kid": inner.key_id, "x": key}]}),
            )
        }
        "/token" if is_client => token(&form, &mut inner.lock().unwrap()),
        _ => (404, json!({"error": "not_found"})),
    };
    let body = json.to_string();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Gives the token for a code once, to who can prove that the code is theirs.
fn token(form: &str, inner: &mut Inner) -> (u16, Value) {
    let given = |name: &str| {
        let mut pairs = form.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| *known == name).map_or("", |(_, value)| value).to_owned()
    };
    let verifier = PkceCodeVerifier::new(given("code_verifier"));
    match inner.codes.remove(&given("code")) {
        Some((challenge, token))
            if given("code_verifier").len() >= 43
                && PkceCodeChallenge::from_code_verifier_sha256(&verifier).as_str()
                    == challenge =>
        {
            (200, json!({"access_token": "access", "token_type": "Bearer", "id_token": token}))
        }
        _ => (400, json!({"error": "invalid_grant"})),
    }
}
