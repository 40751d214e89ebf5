//! Reads `getStats` (W3C webrtc-stats), with what browsers leave out taken as zero.

use js_sys::Map;
use wasm_bindgen::prelude::*;

use super::js;
use crate::core::quality::{CandidateType, StatsSample};

/// Reads a report of one connection.
pub(crate) fn read(report: &JsValue) -> StatsSample {
    let report: &Map = report.unchecked_ref();
    let mut sample = StatsSample::default();
    let mut pair = None;
    report.for_each(
        &mut |entry, _id| match js::text(&entry, "type").as_deref() {
            Some("inbound-rtp") if is_audio(&entry) => read_inbound(&entry, &mut sample),
            Some("candidate-pair") if pair.is_none() && is_in_use(&entry, report) => {
                pair = Some(entry)
            }
            Some(_) | None => {}
        },
    );
    if let Some(pair) = pair {
        sample.round_trip_s = js::get(&pair, "currentRoundTripTime").as_f64();
        let local = report.get(&js::get(&pair, "localCandidateId"));
        sample.candidate_type = candidate_type(&local);
    }
    sample
}

fn is_audio(entry: &JsValue) -> bool {
    js::text(entry, "kind").as_deref() == Some("audio")
}

/// Tells whether a pair is the one in use: the transport names it, Firefox marks it instead.
fn is_in_use(pair: &JsValue, report: &Map) -> bool {
    if js::get(pair, "selected").is_truthy() {
        return true;
    }
    let transport = report.get(&js::get(pair, "transportId"));
    match js::text(&transport, "selectedCandidatePairId") {
        Some(selected) => js::text(pair, "id") == Some(selected),
        None => {
            js::get(pair, "nominated").is_truthy()
                && js::text(pair, "state").as_deref() == Some("succeeded")
        }
    }
}

fn read_inbound(entry: &JsValue, sample: &mut StatsSample) {
    let number = |name| js::get(entry, name).as_f64().unwrap_or(0.0);
    // Several sections are one link: what counts is added up, what varies is the worst.
    sample.bytes_received += number("bytesReceived");
    sample.packets_received += number("packetsReceived");
    sample.packets_lost += number("packetsLost");
    sample.jitter_s = sample.jitter_s.max(number("jitter"));
    sample.total_samples_received += number("totalSamplesReceived");
    sample.concealed_samples += number("concealedSamples");
    sample.audio_level = sample.audio_level.max(number("audioLevel"));
}

fn candidate_type(candidate: &JsValue) -> Option<CandidateType> {
    match js::text(candidate, "candidateType")?.as_str() {
        "host" => Some(CandidateType::Host),
        "srflx" => Some(CandidateType::Srflx),
        "prflx" => Some(CandidateType::Prflx),
        "relay" => Some(CandidateType::Relay),
        _ => None,
    }
}
