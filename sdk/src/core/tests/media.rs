//! Cameras, screens and devices of one client.

use super::*;
use crate::core::{CaptureError, SpeakerError};

impl Rig {
    fn camera_opens(&mut self) -> Vec<String> {
        let (kind, id) = self.picture.unwrap();
        self.device(DeviceInput::Opened(kind, id))
    }

    fn camera_fails(&mut self, error: CaptureError) -> Vec<String> {
        let (kind, id) = self.picture.unwrap();
        self.device(DeviceInput::Failed(kind, id, error, String::new()))
    }

    fn picture_ends(&mut self) -> Vec<String> {
        let (kind, id) = self.picture.unwrap();
        self.device(DeviceInput::Ended(kind, id))
    }

    fn microphone_fails(&mut self, error: CaptureError) -> Vec<String> {
        let id = self.microphone().unwrap();
        self.device(DeviceInput::Failed(
            MediaKind::Microphone,
            id,
            error,
            String::new(),
        ))
    }

    fn microphone_ends(&mut self) -> Vec<String> {
        let id = self.microphone().unwrap();
        self.device(DeviceInput::Ended(MediaKind::Microphone, id))
    }

    fn choose(&mut self, kind: MediaKind, device: Option<&str>) -> Vec<String> {
        self.ask(Command::SetDevice(kind, device.map(Into::into)))
    }

    fn toggled(&mut self, enabled: bool) -> Vec<String> {
        self.event(ServerEvent::CallParticipantVideoToggle(
            server::CallParticipantVideoToggle {
                session_id: session("s1"),
                user_id: user("bob"),
                enabled,
                source: None,
            },
        ))
    }

    fn bobs_video(&self) -> &'static str {
        self.client.call().unwrap().participants[0].video.as_str()
    }
}

#[test]
fn a_video_call_opens_the_camera_beside_the_microphone_and_does_not_wait_for_it() {
    let mut rig = Rig::connected();
    let lines = rig.ask(Command::Initiate {
        chat_id: chat(),
        call_type: CallType::Video,
        targets: Some(vec![user("bob")]),
        video: None,
    });
    assert!(lines.contains(&"open camera".to_owned()), "{lines:?}");
    rig.microphone_opens();
    assert_eq!(rig.offer_made("a1")[0], "call:initiate? +offer");
    assert_eq!(
        rig.camera_opens(),
        ["send camera", "tell video camera", "tell change"]
    );
}

#[test]
fn without_its_camera_a_video_call_goes_on() {
    let mut rig = Rig::connected();
    rig.ask(Command::Initiate {
        chat_id: chat(),
        call_type: CallType::Video,
        targets: Some(vec![user("bob")]),
        video: None,
    });
    assert_eq!(
        rig.camera_fails(CaptureError::InUse),
        ["tell error CAMERA_IN_USE"]
    );
    rig.microphone_opens();
    assert_eq!(rig.offer_made("a1")[0], "call:initiate? +offer");
}

#[test]
fn in_a_video_call_the_others_are_told_that_there_is_no_picture() {
    let mut rig = Rig::connected();
    rig.ask(Command::Initiate {
        chat_id: chat(),
        call_type: CallType::Video,
        targets: Some(vec![user("bob")]),
        video: Some(false),
    });
    rig.microphone_opens();
    rig.offer_made("a1");
    rig.acked(Rig::initiate_ack("s1"));
    let lines = rig.event(accepted("s1", Some(answer("b", "b1"))));
    assert!(
        lines.contains(&"call:toggle-video false".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn a_camera_is_told_of_when_it_is_open_and_promises_of_one_act_settle_together() {
    let mut rig = Rig::active();
    assert_eq!(rig.ask(Command::SetCamera(None)), ["open camera"]);
    assert!(rig.ask(Command::SetCamera(Some(true))).is_empty());
    assert_eq!(
        rig.camera_opens(),
        [
            "resolve 2",
            "resolve 3",
            "send camera",
            "tell video camera",
            "call:toggle-video true",
            "link1 limit video",
            "tell change"
        ]
    );
    assert_eq!(
        rig.ask(Command::SetCamera(None)),
        [
            "send off",
            "tell video off",
            "close camera",
            "call:toggle-video false",
            "resolve 4",
            "tell change"
        ]
    );
}

#[test]
fn a_camera_that_is_turned_off_while_it_opens_is_closed() {
    let mut rig = Rig::active();
    rig.ask(Command::SetCamera(Some(true)));
    assert_eq!(
        rig.ask(Command::SetCamera(Some(false))),
        ["close camera", "reject 2 CANCELLED", "resolve 3"]
    );
    assert_eq!(rig.camera_opens(), ["close camera"]);
}

#[test]
fn the_screen_takes_the_cameras_place_until_it_ends() {
    let mut rig = Rig::active();
    rig.ask(Command::SetCamera(Some(true)));
    rig.camera_opens();
    assert_eq!(rig.ask(Command::SetScreen(None)), ["open screen"]);
    let lines = rig.camera_opens();
    assert!(lines.contains(&"send screen".to_owned()), "{lines:?}");
    assert_eq!(rig.client.call().unwrap().video.as_str(), "screen");
    assert_eq!(
        rig.picture_ends(),
        [
            "send camera",
            "tell video camera",
            "close screen",
            "call:toggle-video true",
            "link1 limit video",
            "tell change"
        ]
    );
}

#[test]
fn a_picker_that_is_cancelled_leaves_everything_as_it_was() {
    let mut rig = Rig::active();
    rig.ask(Command::SetScreen(Some(true)));
    assert_eq!(
        rig.camera_fails(CaptureError::Denied),
        ["reject 2 SCREEN_DENIED"]
    );
    assert_eq!(rig.ask(Command::SetScreen(None)), ["open screen"]);
}

#[test]
fn a_microphone_that_cannot_be_had_lets_the_call_ring_on_without_the_camera() {
    let mut rig = Rig::ringing();
    rig.offer_applied();
    rig.answer_made("a1");
    rig.ask(Command::Accept(None, Some(true)));
    let lines = rig.microphone_fails(CaptureError::Denied);
    assert_eq!(
        lines,
        ["reject 1 MIC_DENIED", "close camera", "tell incoming"]
    );
}

#[test]
fn while_it_only_rings_there_is_no_camera_to_turn_on() {
    assert_eq!(
        Rig::ringing().ask(Command::SetCamera(None)),
        ["reject 1 NO_CALL"]
    );
    assert_eq!(
        Rig::over().ask(Command::SetScreen(None)),
        ["reject 2 NO_CALL"]
    );
}

#[test]
fn a_newcomer_is_told_of_the_picture_and_everyone_again_after_an_absence() {
    let mut rig = Rig::active();
    rig.ask(Command::SetCamera(Some(true)));
    rig.camera_opens();
    let joined = server::CallParticipantJoined {
        session_id: session("s1"),
        chat_id: chat(),
        user_id: user("carol"),
        device_id: Some(device("c1")),
    };
    let lines = rig.event(ServerEvent::CallParticipantJoined(joined));
    assert!(
        lines.contains(&"call:toggle-video true".to_owned()),
        "{lines:?}"
    );

    rig.signaling(SignalingInput::Disconnected);
    assert_eq!(
        rig.ask(Command::SetCamera(Some(false)))
            .iter()
            .filter(|line| line.starts_with("call:"))
            .count(),
        0,
        "nobody can be told now"
    );
    rig.signaling(SignalingInput::Connected);
    let told = rig.acked(Rig::resume_ack(None));
    assert!(
        told.contains(&"call:toggle-video false".to_owned()),
        "{told:?}"
    );
}

#[test]
fn a_picture_of_the_other_side_is_shown_when_it_is_told_of_or_seen() {
    let mut rig = Rig::active();
    assert_eq!(
        rig.peer(PeerInput::RemoteVideo),
        ["link1 show video", "tell change"]
    );
    assert_eq!(rig.bobs_video(), "camera");
    assert_eq!(rig.toggled(false)[0], "link1 hide video");
    assert_eq!(rig.bobs_video(), "off");
    assert!(
        rig.peer(PeerInput::RemoteVideo).is_empty(),
        "who tells is believed"
    );
    assert_eq!(rig.toggled(true)[0], "link1 show video");
}

#[test]
fn whoever_comes_back_in_a_new_page_shows_nothing_until_they_say_so() {
    let mut rig = Rig::active();
    rig.toggled(true);
    rig.event(ServerEvent::CallParticipantReconnected(
        server::CallParticipantReconnected {
            session_id: session("s1"),
            user_id: user("bob"),
            device_id: Some(device("b1")),
            fresh: true,
        },
    ));
    assert_eq!(rig.bobs_video(), "off");
    assert_eq!(rig.toggled(true)[0], "link2 show video");
}

#[test]
fn a_device_is_swapped_beside_the_one_in_use() {
    let mut rig = Rig::active();
    assert_eq!(
        rig.choose(MediaKind::Microphone, Some("usb")),
        ["tell devices", "microphone on", "open microphone usb"]
    );
    assert_eq!(
        rig.microphone_opens(),
        ["tell microphone usb chosen", "resolve 2"]
    );
    assert_eq!(
        rig.choose(MediaKind::Microphone, Some("usb")),
        ["resolve 3"]
    );
}

#[test]
fn a_device_that_is_not_there_leaves_the_choice_as_it_was() {
    let mut rig = Rig::active();
    rig.choose(MediaKind::Microphone, Some("usb"));
    assert_eq!(
        rig.microphone_fails(CaptureError::NotFound),
        ["reject 2 DEVICE_NOT_FOUND"]
    );
    assert_eq!(rig.client.choices()[0], None);
    assert_eq!(
        rig.microphone_ends(),
        Vec::<String>::new(),
        "of an attempt that failed"
    );
}

#[test]
fn a_choice_made_before_the_call_is_used_and_gives_way_when_it_is_gone() {
    let mut rig = Rig::connected();
    assert_eq!(
        rig.choose(MediaKind::Microphone, Some("usb")),
        ["tell devices", "resolve 1"]
    );
    let lines = rig.dial();
    assert!(
        lines.contains(&"open microphone usb".to_owned()),
        "{lines:?}"
    );
    assert_eq!(
        rig.microphone_fails(CaptureError::NotFound),
        ["microphone on", "open microphone"]
    );
    assert_eq!(rig.microphone_opens(), ["tell microphone default fallback"]);
    // It is plugged in again.
    assert!(rig.device(DeviceInput::DevicesChanged).is_empty());
    assert_eq!(
        rig.wait(300),
        ["tell devices", "microphone on", "open microphone usb"]
    );
    assert_eq!(rig.microphone_opens(), ["tell microphone usb reacquired"]);
}

#[test]
fn plugging_in_is_told_once_it_has_settled() {
    let mut rig = Rig::connected();
    for _ in 0..5 {
        rig.device(DeviceInput::DevicesChanged);
        assert!(rig.wait(200).is_empty());
    }
    assert_eq!(rig.wait(200), ["tell devices"]);
}

#[test]
fn a_lost_microphone_is_looked_for_ever_less_often_and_told_of_once() {
    let mut rig = Rig::active();
    rig.ask(Command::SetMuted(true));
    assert_eq!(
        rig.microphone_ends(),
        ["close microphone", "microphone off", "open microphone"]
    );
    assert_eq!(
        rig.microphone_fails(CaptureError::NotFound),
        ["tell microphone default lost", "tell error MIC_NOT_FOUND"]
    );
    for seconds in [1, 2, 4, 8, 16, 30, 30] {
        let begins = |lines: &[String]| lines.contains(&"open microphone".to_owned());
        assert!(!begins(&rig.wait(seconds * 1_000 - 10)), "{seconds}");
        assert!(begins(&rig.wait(10)), "{seconds}");
        assert!(rig.microphone_fails(CaptureError::InUse).is_empty());
    }
    rig.device(DeviceInput::DevicesChanged);
    let lines = rig.wait(300);
    assert!(
        lines.contains(&"open microphone".to_owned()),
        "a new device is tried at once: {lines:?}"
    );
    assert!(
        lines.contains(&"microphone off".to_owned()),
        "who was muted stays so"
    );
    assert_eq!(
        rig.microphone_opens(),
        ["tell microphone default reacquired"]
    );
}

#[test]
fn who_refused_a_device_is_not_asked_again() {
    let mut rig = Rig::active();
    rig.microphone_ends();
    rig.microphone_fails(CaptureError::Denied);
    let lines = rig.wait(60_000);
    assert!(
        !lines.iter().any(|line| line.starts_with("open")),
        "{lines:?}"
    );
}

#[test]
fn a_stream_of_the_application_that_ends_is_not_replaced() {
    let mut rig = Rig::new(ClientOptions {
        supplied_microphone: true,
        ..options()
    });
    rig.signaling(SignalingInput::Connected);
    rig.acked(AckBody::Config(config("alice", "a1")));
    rig.dial();
    rig.microphone_opens();
    assert_eq!(
        rig.microphone_ends(),
        [
            "close microphone",
            "tell microphone default lost",
            "tell error MIC_FAILED"
        ]
    );
    let lines = rig.wait(20_000);
    assert!(!lines.contains(&"open microphone".to_owned()), "{lines:?}");
}

#[test]
fn a_device_that_ends_while_another_takes_its_place_waits_for_that_one() {
    let mut rig = Rig::active();
    let first = rig.microphone().unwrap();
    rig.choose(MediaKind::Microphone, Some("usb"));
    assert!(
        rig.device(DeviceInput::Ended(MediaKind::Microphone, first))
            .is_empty()
    );
    assert_eq!(
        rig.microphone_opens(),
        ["tell microphone usb reacquired", "resolve 2"]
    );
}

#[test]
fn a_camera_that_stops_is_off_for_the_others_until_it_is_back() {
    let mut rig = Rig::active();
    rig.ask(Command::SetCamera(Some(true)));
    rig.camera_opens();
    let lines = rig.picture_ends();
    assert!(
        lines.contains(&"call:toggle-video false".to_owned()),
        "{lines:?}"
    );
    let lines = rig.camera_opens();
    assert!(
        lines.contains(&"tell camera default reacquired".to_owned()),
        "{lines:?}"
    );
    assert!(
        lines.contains(&"call:toggle-video true".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn a_microphone_that_the_system_takes_for_a_while_is_told_of() {
    let mut rig = Rig::active();
    let id = rig.microphone().unwrap();
    let away = |id, is_away| DeviceInput::Interrupted(MediaKind::Microphone, id, is_away);
    assert_eq!(rig.device(away(id, true)), ["tell microphone default lost"]);
    assert_eq!(
        rig.device(away(id, false)),
        ["tell microphone default reacquired"]
    );
    assert!(rig.device(away(MediaId(99), true)).is_empty());
}

#[test]
fn a_speaker_counts_as_chosen_once_the_browser_took_it() {
    let mut rig = Rig::connected();
    assert_eq!(
        rig.ask(Command::SetSpeaker(Some("usb".into()))),
        ["speaker usb"]
    );
    assert_eq!(rig.client.choices()[2], None);
    let set = |id, result| DeviceInput::SpeakerSet(RequestId(id), result);
    assert_eq!(rig.device(set(1, Ok(()))), ["tell devices", "resolve 1"]);
    assert_eq!(rig.client.choices()[2], Some("usb"));
    rig.ask(Command::SetSpeaker(None));
    assert_eq!(
        rig.device(set(2, Err(SpeakerError::Unsupported))),
        ["reject 2 SPEAKER_UNSUPPORTED"]
    );
    assert_eq!(rig.client.choices()[2], Some("usb"));
}

#[test]
fn with_push_to_talk_mute_still_means_mute() {
    let mut rig = Rig::active();
    assert_eq!(
        rig.ask(Command::SetPushToTalk(true)),
        [
            "microphone off",
            "call:toggle-audio true",
            "resolve 2",
            "tell change"
        ]
    );
    assert_eq!(
        rig.ask(Command::Talk(true)),
        ["microphone on", "call:toggle-audio false", "resolve 3"]
    );
    assert_eq!(
        rig.ask(Command::SetMuted(true)),
        [
            "microphone off",
            "call:toggle-audio true",
            "resolve 4",
            "tell change"
        ]
    );
    assert_eq!(rig.ask(Command::Talk(false)), ["resolve 5"]);
    assert_eq!(rig.ask(Command::Talk(true)), ["resolve 6"]);
    assert_eq!(
        rig.ask(Command::SetMuted(false)),
        [
            "microphone on",
            "call:toggle-audio false",
            "resolve 7",
            "tell change"
        ]
    );
}

#[test]
fn a_key_means_nothing_without_push_to_talk() {
    assert_eq!(Rig::active().ask(Command::Talk(true)), ["resolve 2"]);
}

#[test]
fn the_end_of_a_call_closes_whatever_is_open() {
    let mut rig = Rig::active();
    rig.ask(Command::SetCamera(Some(true)));
    rig.camera_opens();
    rig.ask(Command::SetScreen(Some(true)));
    let lines = rig.ask(Command::End(None));
    for closed in ["close screen", "close camera", "close microphone"] {
        assert!(lines.contains(&closed.to_owned()), "{lines:?}");
    }
    assert!(
        lines.contains(&"reject 3 CANCELLED".to_owned()),
        "{lines:?}"
    );
    assert_eq!(rig.client.call().unwrap().video.as_str(), "off");
    assert_eq!(rig.camera_opens(), ["close screen"]);
}
