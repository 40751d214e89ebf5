//! What the client reads out of a session description (RFC 8866), and what it writes into one.

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

/// Asks for speech that bears loss and spares the line: forward error correction and silence
/// suppression of Opus (RFC 7587 section 6.1), redundancy (RFC 2198) before Opus alone where it is
/// offered, and at most so many bits per second.
pub(super) fn tune_opus(sdp: &mut Box<str>, most: Option<u32>) {
    let Some(opus) = payload_type(sdp, "opus/48000") else {
        return;
    };
    let redundancy = payload_type(sdp, "red/48000");
    let mut tuned = String::with_capacity(sdp.len() + 64);
    for line in pieces(sdp, b'\n') {
        let bare = line.trim_ascii_end();
        match redundancy {
            Some(first) if bare.starts_with("m=audio ") => push_preferring(&mut tuned, bare, first),
            Some(_) | None => tuned.push_str(bare),
        }
        if attribute(bare, "a=fmtp:").is_some_and(|(number, _)| number == opus) {
            push_parameters(&mut tuned, bare, most);
        }
        tuned.push_str(line.get(bare.len()..).unwrap_or_default());
        tuned.push('\n');
    }
    // The last piece had no line end.
    tuned.pop();
    *sdp = tuned.into();
}

/// Returns the payload type of a codec.
fn payload_type<'a>(sdp: &'a str, codec: &str) -> Option<&'a str> {
    let mut maps = lines(sdp).filter_map(|line| attribute(line, "a=rtpmap:"));
    let named = maps.find(|(_, name)| name.starts_with(codec));
    named.map(|(number, _)| number)
}

/// Returns the payload type that an attribute is about, and what it says.
fn attribute<'a>(line: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let value = line.strip_prefix(name)?;
    let number = words(value).next()?;
    Some((number, value.get(number.len() + 1..)?))
}

/// Writes the line of a media section with one of its payload types before the others.
fn push_preferring(text: &mut String, line: &str, first: &str) {
    // The kind, the port and the transport stand before them.
    const OTHERS: usize = 3;
    for (place, word) in words(line).enumerate() {
        if place == OTHERS {
            push_word(text, first);
        }
        if place < OTHERS || word != first {
            push_word(text, word);
        }
    }
}

fn push_word(text: &mut String, word: &str) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push(' ');
    }
    text.push_str(word);
}

/// Writes what the parameters of Opus do not say yet.
fn push_parameters(text: &mut String, line: &str, most: Option<u32>) {
    let mut say = |parameter: &str, value: &str| {
        // The parameter's name, wherever it stands.
        if !line
            .as_bytes()
            .windows(parameter.len())
            .any(|part| part == parameter.as_bytes())
        {
            text.push(';');
            text.push_str(parameter);
            text.push_str(value);
        }
    };
    say("useinbandfec=", "1");
    say("usedtx=", "1");
    if let Some(most) = most {
        let mut digits = String::new();
        push_decimal(&mut digits, most);
        say("maxaveragebitrate=", &digits);
    }
}

/// Appends a number in decimal, without the formatting machinery.
fn push_decimal(text: &mut String, number: u32) {
    if number > 9 {
        push_decimal(text, number / 10);
    }
    let digit = u8::try_from(number % 10).unwrap_or(0);
    text.push(char::from(b'0' + digit));
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

    fn tuned(sdp: &str, most: Option<u32>) -> Box<str> {
        let mut sdp = sdp.into();
        tune_opus(&mut sdp, most);
        sdp
    }

    const CHROMIUM: &str = "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0\r\na=rtpmap:111 opus/48000/2\r\n\
        a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96 116\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:116 red/90000\r\n";

    #[test]
    fn opus_is_asked_to_bear_loss_and_to_be_silent_in_silence() {
        assert_eq!(
            &*tuned(CHROMIUM, None),
            "m=audio 9 UDP/TLS/RTP/SAVPF 63 111 9 0\r\na=rtpmap:111 opus/48000/2\r\n\
             a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1\r\na=rtpmap:63 red/48000/2\r\n\
             a=fmtp:63 111/111\r\nm=video 9 UDP/TLS/RTP/SAVPF 96 116\r\n\
             a=rtpmap:96 VP8/90000\r\na=rtpmap:116 red/90000\r\n"
        );
    }

    #[test]
    fn tuning_twice_is_tuning_once_and_a_cap_comes_last() {
        let once = tuned(CHROMIUM, None);
        assert_eq!(tuned(&once, None), once);
        let capped = tuned(&once, Some(24_000));
        assert!(
            capped.contains("usedtx=1;maxaveragebitrate=24000\r\n"),
            "{capped}"
        );
        assert_eq!(tuned(&capped, Some(9)), capped);
    }

    #[test]
    fn a_description_without_opus_or_without_redundancy_keeps_its_order() {
        let firefox =
            "m=audio 9 UDP/TLS/RTP/SAVPF 109 9\na=rtpmap:109 opus/48000/2\na=fmtp:109 stereo=1";
        assert_eq!(
            &*tuned(firefox, Some(u32::MAX)),
            "m=audio 9 UDP/TLS/RTP/SAVPF 109 9\na=rtpmap:109 opus/48000/2\n\
             a=fmtp:109 stereo=1;useinbandfec=1;usedtx=1;maxaveragebitrate=4294967295"
        );
        for other in [TWO, "", "\r\n\r\n", "m=audio", "a=rtpmap:1", "a=fmtp:"] {
            assert_eq!(&*tuned(other, Some(0)), other);
        }
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
