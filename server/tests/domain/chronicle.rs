//! What is kept of a call beside its state: what happened, what was measured, what people said of
//! their microphones and pictures.

use ringback_protocol::rest::CallHappening;
use ringback_protocol::{
    CallSnapshot, CandidateType, ErrorCode, LinkReport, LinkStatus, QualityReport, SessionId,
    VideoSource, VideoState,
};
use ringback_server::events::client;

use crate::support::{World, end, join, reject, resume, session_id, user};

fn link(to: &str, state: LinkStatus, path: Option<CandidateType>) -> LinkReport {
    LinkReport {
        user_id: user(to),
        state,
        grade: None,
        mos: Some(4.2),
        avg_bitrate: Some(32_000.0),
        packet_loss: None,
        jitter: None,
        round_trip_time: None,
        candidate_type: path,
    }
}

fn measured(id: &SessionId, links: Vec<LinkReport>) -> client::CallQuality {
    client::CallQuality {
        session_id: id.clone(),
        quality: QualityReport {
            avg_bitrate: 32_000.0,
            packet_loss: 0.0,
            jitter: 1.0,
        },
        links,
    }
}

/// The timeline as that user sees it: what, who, and what belongs to it.
async fn timeline(world: &World, id: &SessionId, as_user: &str) -> Vec<String> {
    let session = world.store.load(id).await.unwrap().unwrap();
    let timeline = session.timeline_for(&user(as_user)).unwrap();
    let show = |event: &ringback_protocol::rest::TimelineEvent| {
        let what = serde_json::to_value(event.happening).unwrap();
        let parts = [
            what.as_str().map(str::to_owned),
            event.user_id.as_ref().map(ToString::to_string),
            event.device_id.as_ref().map(ToString::to_string),
            event.target_user_id.as_ref().map(ToString::to_string),
            event
                .reason
                .as_ref()
                .map(|reason| reason.as_str().to_owned()),
            event.candidate_type.map(|path| path.as_str().to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    timeline.events.iter().map(show).collect()
}

#[tokio::test]
async fn the_timeline_tells_a_group_call_from_the_first_ring_to_the_end() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let (bob, carol) = (
        world.connect("bob/b1").await,
        world.connect("carol/c1").await,
    );
    let id = alice.call("group", &["bob", "carol"]).await;
    bob.accept(&id).await;
    carol.send(reject(&id)).await.unwrap();
    bob.disconnect().await;
    let bob = world.connect("bob/b1").await;
    bob.send(resume(&id)).await.unwrap();
    carol.send(join(&id)).await.unwrap();
    let tablet = world.connect("bob/b2").await;
    tablet.send(join(&id)).await.unwrap();
    alice.send(end(&id)).await.unwrap();
    let expected = [
        "initiated alice a1",
        "ringing bob",
        "ringing carol",
        "accepted bob b1",
        "rejected carol c1 declined",
        "reconnecting bob b1",
        "reconnected bob b1",
        "joined carol c1",
        "moved bob b2",
        "ended alice completed",
    ];
    assert_eq!(timeline(&world, &id, "carol").await, expected);
}

#[tokio::test]
async fn a_target_who_comes_later_and_never_answers_is_in_the_timeline() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let id = alice.call("chat", &["bob"]).await;
    let _bob = world.connect("bob/b1").await;
    alice.send(end(&id)).await.unwrap();
    let expected = [
        "initiated alice a1",
        "ringing bob",
        "missed bob",
        "ended alice cancelled",
    ];
    assert_eq!(timeline(&world, &id, "bob").await, expected);
}

#[tokio::test]
async fn links_are_in_the_timeline_when_they_change() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let bob = world.connect("bob/b1").await;
    let id = alice.call("group", &["bob", "carol"]).await;
    bob.accept(&id).await;
    let (host, relay) = (Some(CandidateType::Host), Some(CandidateType::Relay));
    for (state, path) in [
        (LinkStatus::Connected, host),
        (LinkStatus::Connected, host),
        (LinkStatus::Reconnecting, None),
        (LinkStatus::Connected, relay),
        (LinkStatus::Failed, None),
    ] {
        let links = vec![link("bob", state, path), link("mallory", state, path)];
        alice.send(measured(&id, links)).await.unwrap();
    }
    let told = timeline(&world, &id, "bob").await;
    let expected = [
        "link-connected alice bob host",
        "link-connected alice bob relay",
        "link-failed alice bob",
    ];
    assert_eq!(told[told.len() - 3..], expected);
    let links = world.store.quality(&id).await.unwrap();
    assert_eq!(links.len(), 1, "nobody measures a link to a stranger");
    assert_eq!(links[0].to, user("bob"));
}

#[tokio::test]
async fn impossible_figures_are_refused_and_not_kept() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let bob = world.connect("bob/b1").await;
    let id = alice.call("chat", &["bob"]).await;
    bob.accept(&id).await;
    let mut bad = link("bob", LinkStatus::Connected, None);
    bad.packet_loss = Some(101.0);
    let good = link("bob", LinkStatus::Connected, None);
    for links in [vec![bad], vec![good.clone(), good]] {
        let refused = alice.refused(measured(&id, links)).await;
        assert_eq!(refused, ErrorCode::InvalidPayload);
    }
    assert!(world.store.quality(&id).await.unwrap().is_empty());
}

#[tokio::test]
async fn only_participants_see_the_timeline() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let id = alice.call("group", &["bob"]).await;
    let session = world.store.load(&id).await.unwrap().unwrap();
    assert!(session.timeline_for(&user("carol")).is_none());
    assert!(session.timeline_for(&user("bob")).is_some());
    assert_eq!(world.store.load(&session_id("none")).await.unwrap(), None);
}

#[tokio::test]
async fn a_timeline_has_an_end() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let bob = world.connect("bob/b1").await;
    let id = alice.call("chat", &["bob"]).await;
    bob.accept(&id).await;
    for _ in 0..200 {
        for state in [LinkStatus::Connected, LinkStatus::Failed] {
            let links = vec![link("bob", state, None)];
            alice.send(measured(&id, links)).await.unwrap();
        }
    }
    let session = world.store.load(&id).await.unwrap().unwrap();
    let events = session.timeline_for(&user("bob")).unwrap().events;
    assert_eq!(events.len(), 300);
    assert_eq!(events[0].happening, CallHappening::Initiated);
    assert_eq!(events[299].happening, CallHappening::LinkFailed);
}

fn said(snapshot: &CallSnapshot, who: &str) -> (Option<bool>, Option<VideoState>) {
    let mut participants = snapshot.participants.iter();
    let one = participants.find(|one| one.user_id == user(who)).unwrap();
    (one.muted, one.video)
}

#[tokio::test]
async fn late_comers_see_who_is_muted_and_who_shows_what() {
    let world = World::new().await;
    let alice = world.connect("alice/a1").await;
    let (bob, carol) = (
        world.connect("bob/b1").await,
        world.connect("carol/c1").await,
    );
    let id = alice.call("group", &["bob", "carol"]).await;
    bob.accept(&id).await;
    let mute = client::CallToggleAudio {
        session_id: id.clone(),
        chat_id: None,
        muted: true,
    };
    let screen = client::CallToggleVideo {
        session_id: id.clone(),
        chat_id: None,
        enabled: true,
        source: Some(VideoSource::Screen),
    };
    alice.send(mute).await.unwrap();
    bob.send(screen).await.unwrap();
    let snapshot = carol.accept(&id).await;
    assert_eq!(said(&snapshot, "alice"), (Some(true), None));
    assert_eq!(said(&snapshot, "bob"), (None, Some(VideoState::Screen)));
    assert_eq!(said(&snapshot, "carol"), (None, None));
    // Whoever comes back keeps what they said; whoever comes anew has said nothing yet.
    bob.send(client::CallLeave {
        session_id: id.clone(),
        chat_id: None,
    })
    .await
    .unwrap();
    let bob = world.connect("bob/b2").await;
    bob.send(join(&id)).await.unwrap();
    let snapshot = carol.resumed(&id).await;
    assert_eq!(said(&snapshot, "alice"), (Some(true), None));
    assert_eq!(said(&snapshot, "bob"), (None, None));
}
