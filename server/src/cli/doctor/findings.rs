//! What was found, and how it is printed.

use std::fmt::Write;

use serde::Serialize;

/// What was found about one thing.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) check: String,
    /// How it is.
    pub(super) verdict: Verdict,
    /// What was seen.
    pub(super) detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and could be better.
    Warn,
    /// It does not work, or is open to others.
    Fail,
    /// It was not looked at.
    Skipped,
}

impl Finding {
    pub(super) fn ok(check: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, detail, None)
    }

    pub(super) fn warn(
        check: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(check, Verdict::Warn, detail, Some(remedy.into()))
    }

    pub(super) fn fail(
        check: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(check, Verdict::Fail, detail, Some(remedy.into()))
    }

    pub(super) fn skipped(check: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(check, Verdict::Skipped, detail, None)
    }

    fn new(
        check: impl Into<String>,
        verdict: Verdict,
        detail: impl Into<String>,
        remedy: Option<String>,
    ) -> Self {
        Self {
            check: check.into(),
            verdict,
            detail: detail.into(),
            remedy,
        }
    }
}

/// Writes findings as JSON.
pub(super) fn json(findings: &[Finding]) -> String {
    serde_json::to_string_pretty(findings).expect("findings are texts")
}

/// Writes findings for a person.
pub(super) fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding {
        check,
        verdict,
        detail,
        remedy,
    } in findings
    {
        let mark = match verdict {
            Verdict::Ok => "ok     ",
            Verdict::Warn => "warning",
            Verdict::Fail => "FAILED ",
            Verdict::Skipped => "skipped",
        };
        // Writing into a text cannot fail.
        let _ = writeln!(text, "{mark} {check}: {detail}");
        if let Some(remedy) = remedy {
            let _ = writeln!(text, "        {remedy}");
        }
    }
    let failed = findings.iter().filter(|one| one.verdict == Verdict::Fail);
    let _ = match failed.count() {
        0 => writeln!(text, "\nNothing has to be set right."),
        1 => writeln!(text, "\n1 thing has to be set right."),
        count => writeln!(text, "\n{count} things have to be set right."),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_what_is_wrong_and_what_to_do() {
        let findings = [
            Finding::ok("database", "it answers"),
            Finding::fail("TURN", "it relays to 127.0.0.1", "Deny it."),
        ];
        assert_eq!(
            text(&findings),
            "ok      database: it answers\n\
             FAILED  TURN: it relays to 127.0.0.1\n        Deny it.\n\
             \n1 thing has to be set right.\n"
        );
        assert!(json(&findings).contains("\"verdict\": \"fail\""));
    }
}
