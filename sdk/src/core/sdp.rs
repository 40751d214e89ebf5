//! What the client reads out of a session description (RFC 8866), and the one thing it writes.

use ringback_protocol::IceCandidate;

/// Returns the ICE user name fragments (RFC 8839 section 5.4) in order, each once.
pub(super) fn ufrags(sdp: &str) -> Vec<Box<str>> {
    let mut found: Vec<Box<str>> = Vec::new();
    for ufrag in lines(sdp).filter_map(|line| line.strip_prefix("a=ice-ufrag:")) {
        if !found.iter().any(|known| **known == *ufrag) {
            found.push(ufrag.into());
        }
    }
    found
}

/// Returns the session id of the `o=` line: it stays as long as the peer connection that made it.
pub(super) fn origin(sdp: &str) -> Option<&str> {
    let line = lines(sdp).find_map(|line| line.strip_prefix("o="))?;
    words(line).nth(1)
}

/// Returns the fragment that a candidate line names (RFC 8839 section 5.1, `ufrag` extension).
pub(super) fn candidate_ufrag(line: &str) -> Option<&str> {
    let mut words = words(line);
    words.find(|word| *word == "ufrag")?;
    words.next()
}

/// Writes a candidate into the media section that it belongs to (RFC 8839 section 5.1).
///
/// Returns false, and writes nothing, when it names no section that there is.
pub(super) fn add_candidate(sdp: &mut Box<str>, candidate: &IceCandidate) -> bool {
    let end = candidate
        .sdp_m_line_index
        .and_then(|index| end_of_section(sdp, index.into()));
    let end = end.filter(|_| !candidate.candidate.is_empty());
    let Some((before, after)) = end.and_then(|end| sdp.split_at_checked(end)) else {
        return false;
    };
    *sdp = [before, "a=", &candidate.candidate, "\r\n", after]
        .concat()
        .into();
    true
}

/// Returns where the media section with that index ends.
fn end_of_section(sdp: &str, index: usize) -> Option<usize> {
    let mut begun = 0;
    let mut at = 0;
    for line in sdp.as_bytes().split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"m=") {
            if begun > index {
                return Some(at);
            }
            begun += 1;
        }
        at += line.len();
    }
    (begun > index).then_some(at)
}

/// Splits at line ends, of either kind.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    pieces(text, b'\n').map(str::trim_ascii_end)
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    pieces(line, b' ')
}

/// Splits at an ASCII byte: on bytes, since searching in text brings much code with it.
fn pieces(text: &str, at: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.bytes().position(|byte| byte == at);
        rest = end.and_then(|end| text.get(end + 1..));
        text.get(..end.unwrap_or(text.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "v=0\r\nm=audio 9\r\na=mid:0\r\nm=video 9\r\na=mid:1\r\n";

    fn candidate(line: &str, index: Option<u16>) -> IceCandidate {
        IceCandidate {
            candidate: line.into(),
            sdp_mid: None,
            sdp_m_line_index: index,
            username_fragment: None,
        }
    }

    #[test]
    fn a_candidate_is_written_at_the_end_of_its_section() {
        let mut sdp: Box<str> = TWO.into();
        assert!(add_candidate(&mut sdp, &candidate("candidate:1", Some(0))));
        assert!(add_candidate(&mut sdp, &candidate("candidate:2", Some(1))));
        assert!(add_candidate(&mut sdp, &candidate("candidate:3", Some(0))));
        assert_eq!(
            &*sdp,
            "v=0\r\nm=audio 9\r\na=mid:0\r\na=candidate:1\r\na=candidate:3\r\n\
             m=video 9\r\na=mid:1\r\na=candidate:2\r\n"
        );
    }

    #[test]
    fn a_candidate_without_a_section_is_left_to_travel_by_itself() {
        let mut sdp: Box<str> = TWO.into();
        assert!(!add_candidate(&mut sdp, &candidate("candidate:1", None)));
        assert!(!add_candidate(&mut sdp, &candidate("candidate:1", Some(2))));
        assert!(!add_candidate(&mut sdp, &candidate("", Some(0))));
        assert_eq!(&*sdp, TWO);
    }
}
