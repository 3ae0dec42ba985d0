//! Tells a watchdog that the server works.

use std::sync::Weak;
use std::time::Duration;

use actix_web::{rt, web};

use crate::app::App;

/// Tells a watchdog twice in `limit`, after which it takes the server for stuck, that it works: only
/// while work that is given to the threads of requests is done, and the store answers. To be called
/// where the server runs; ends with the application.
pub fn tell_watchdog(app: Weak<App>, limit: Duration, tell: fn()) {
    rt::spawn(async move {
        let mut ticks = rt::time::interval(limit / 2);
        loop {
            ticks.tick().await;
            let Some(app) = app.upgrade() else { return };
            let works = web::block(move || app.answers());
            match rt::time::timeout(limit, works).await {
                Ok(Ok(Ok(()))) => tell(),
                Ok(Ok(Err(error))) => tracing::error!("the store does not answer: {error}"),
                Ok(Err(_)) | Err(_) => tracing::error!("no thread does the work of requests"),
            }
        }
    });
}
