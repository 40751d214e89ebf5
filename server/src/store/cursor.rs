//! Places in a history, as clients hand them back.

use ringback_protocol::SessionId;

use crate::calls::Timestamp;

/// Names a place in a history, for whoever asks for the next page.
#[must_use]
pub fn cursor((at, id): &(Timestamp, SessionId)) -> String {
    format!("{}:{id}", at.as_ms())
}

/// Reads the name of a place in a history; none when it is not one.
#[must_use]
pub fn parse_cursor(text: &str) -> Option<(Timestamp, SessionId)> {
    let (at, id) = text.split_once(':')?;
    let at = at
        .parse::<u64>()
        .ok()
        .filter(|at| i64::try_from(*at).is_ok())?;
    Some((Timestamp::from_ms(at), SessionId::new(id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_anything_else_is_none() {
        let place = (
            Timestamp::from_ms(1_750_000_000_123),
            SessionId::new("0197:a/b").unwrap(),
        );
        assert_eq!(parse_cursor(&cursor(&place)), Some(place));
        for bad in ["", "x", "123", ":a", "1:", "-1:a", "99999999999999999999:a"] {
            assert_eq!(parse_cursor(bad), None, "{bad}");
        }
    }
}
