//! Asking the host application whether a call may be.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::StatusCode;
use ringback_protocol::webhook::{CallHookAnswer, CallHookData, CallHookRequest, CallHookType};
use ringback_protocol::{ErrorCode, Failure};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::calls::{Clock, SystemClock};
use crate::config::{HookSettings, Unanswered};
use crate::http::{Bounds, HttpClient, HttpError, Signer};

/// The longest answer that is read.
const MOST_BYTES: usize = 16 * 1024;
/// How many questions are open at once; more wait, within their own time.
const AT_ONCE: usize = 64;
/// How much of the application's own words is passed on, in characters.
const MOST_CHARACTERS: usize = 300;

/// The question to the host application.
#[derive(Debug)]
pub(super) struct Hook {
    settings: HookSettings,
    signer: Signer,
    client: HttpClient,
    turns: Arc<Semaphore>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("no answer came in time")]
    TooLate,
    #[error("{0}")]
    Http(#[from] HttpError),
    #[error("it answered with the status {0}")]
    Status(StatusCode),
    #[error("the answer does not read: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("the question could not be signed")]
    Unsigned,
}

impl Hook {
    pub(super) fn new(settings: HookSettings, client: HttpClient) -> Self {
        Self {
            signer: Signer::new(settings.secrets.clone()),
            settings,
            client,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Asks whether somebody may do that.
    ///
    /// # Errors
    /// `FORBIDDEN` when they may not, `INTERNAL` when there is no answer and that counts as no.
    pub(super) async fn ask(&self, kind: CallHookType, data: CallHookData) -> Result<(), Failure> {
        let deadline = Instant::now() + self.settings.timeout;
        let answer = timeout_at(deadline, self.answer(kind, data)).await;
        match answer.unwrap_or(Err(NoAnswer::TooLate)) {
            Ok(CallHookAnswer { allow: true, .. }) => Ok(()),
            Ok(CallHookAnswer {
                allow: false,
                error,
            }) => Err(refusal(error)),
            Err(why) => self.unanswered(&why),
        }
    }

    async fn answer(
        &self,
        kind: CallHookType,
        data: CallHookData,
    ) -> Result<CallHookAnswer, NoAnswer> {
        // It is never closed.
        let _turn = self.turns.acquire().await.map_err(|_| NoAnswer::TooLate)?;
        let now = SystemClock.now();
        let timestamp = now.to_iso();
        let question = CallHookRequest {
            kind,
            timestamp,
            data,
        };
        let body = Bytes::from(serde_json::to_vec(&question)?);
        let id = format!("ask_{}", uuid::Uuid::now_v7().simple());
        let headers = self.signer.headers(&id, now, &body);
        let headers = headers.ok_or(NoAnswer::Unsigned)?;
        let bounds = Bounds {
            time: self.settings.timeout,
            bytes: MOST_BYTES,
        };
        let url = &self.settings.url;
        let answer = self.client.post(url, headers, body, bounds).await?;
        if answer.status != StatusCode::OK {
            return Err(NoAnswer::Status(answer.status));
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }

    fn unanswered(&self, why: &NoAnswer) -> Result<(), Failure> {
        tracing::warn!(%why, "CALL_HOOK_URL did not say whether a call may be");
        match self.settings.unanswered {
            Unanswered::Allow => Ok(()),
            Unanswered::Deny => Err(Failure::new(
                ErrorCode::Internal,
                "The application did not say whether this may be: try again.",
            )),
        }
    }
}

fn refusal(words: Option<String>) -> Failure {
    let words = words.filter(|words| !words.trim().is_empty());
    let words = words.map(|words| words.chars().take(MOST_CHARACTERS).collect());
    let words = words.unwrap_or_else(|| "The application does not allow this.".to_owned());
    Failure::new(ErrorCode::Forbidden, words)
}
