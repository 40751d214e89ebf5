//! The two facts that the client reads out of a session description (RFC 8866), and no others.

/// Returns the ICE user name fragments (RFC 8839 section 5.4) in order, each once.
pub(super) fn ufrags(sdp: &str) -> Vec<Box<str>> {
    let mut found: Vec<Box<str>> = Vec::new();
    for ufrag in sdp
        .lines()
        .filter_map(|line| line.strip_prefix("a=ice-ufrag:"))
    {
        let ufrag = ufrag.trim();
        if !found.iter().any(|known| **known == *ufrag) {
            found.push(ufrag.into());
        }
    }
    found
}

/// Returns the session id of the `o=` line: it stays as long as the peer connection that made it.
pub(super) fn origin(sdp: &str) -> Option<&str> {
    sdp.lines()
        .find_map(|line| line.strip_prefix("o="))?
        .split(' ')
        .nth(1)
}

/// Returns the fragment that a candidate line names (RFC 8839 section 5.1, `ufrag` extension).
pub(super) fn candidate_ufrag(line: &str) -> Option<&str> {
    let mut words = line.split(' ');
    words.find(|word| *word == "ufrag")?;
    words.next()
}
