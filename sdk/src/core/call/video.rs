//! Pictures: what this side tells of its own, and what it learns of the others'.

use ringback_protocol::{ClientEvent, ServerEvent, client, server};

use super::{Call, Standing};
use crate::core::context::Context;
use crate::core::media::VideoSource;
use crate::core::output::{Notification, PeerCommand};
use crate::core::participant::Participant;

impl Call {
    /// This side sends another picture than before, or the call was answered.
    pub(in crate::core) fn video_changed(&mut self, cx: &mut Context) {
        self.tell_video(cx);
        self.limit_video(cx);
    }

    /// Gives each link as much picture as it bears beside the others.
    pub(super) fn limit_video(&mut self, cx: &mut Context) {
        let source = cx.media.video();
        if !source.is_on() {
            return;
        }
        let cap = cx.options.video_bitrate;
        let is_up = |other: &Participant| other.link().is_some_and(|link| link.health.is_up());
        let links = self
            .participants
            .iter()
            .filter(|other| is_up(other))
            .count();
        for link in self
            .participants
            .iter_mut()
            .filter_map(Participant::link_mut)
        {
            let limit = link.pace.limit(source, links, cap);
            if link.health.is_up() && link.limit != Some(limit) {
                link.limit = Some(limit);
                cx.peer(link.id, PeerCommand::LimitVideo(limit));
            }
        }
    }

    /// Tells everyone what picture this side sends, if they may believe otherwise.
    pub(super) fn tell_video(&mut self, cx: &mut Context) {
        let source = cx.media.video();
        let told = source.source();
        let told = told.filter(|_| cx.signaling.features().video_source);
        let chat_id = self.chat_id();
        let Some(active) = self.active_mut() else {
            return;
        };
        if active.named.standing == Standing::InStep && active.told_video.changes_to(source) {
            cx.emit(ClientEvent::CallToggleVideo(client::CallToggleVideo {
                session_id: active.named.session.clone(),
                chat_id,
                enabled: source.is_on(),
                source: told,
            }));
        }
    }

    /// `call:participant-video-toggle`
    pub(in crate::core) fn video_toggled(
        &mut self,
        cx: &mut Context,
        event: server::CallParticipantVideoToggle,
    ) {
        let Some(at) = self.position(&event.user_id) else {
            return;
        };
        self.video_told(cx, at, VideoSource::of(event.enabled, event.source));
        cx.notify(Notification::Event(
            ServerEvent::CallParticipantVideoToggle(event),
        ));
    }

    /// A participant begins anew, on another device or in a new page.
    pub(super) fn forget_media(&mut self, at: usize) {
        if let Some(other) = self.participants.get_mut(at) {
            other.forget_media();
        }
    }

    /// A picture arrives: clients of the reference do not say that they send one.
    pub(super) fn video_seen(&mut self, cx: &mut Context, at: usize) {
        let is_told = self
            .participants
            .get(at)
            .is_some_and(|other| other.video.is_some());
        if !is_told {
            self.video_told(cx, at, VideoSource::Camera);
        }
    }

    pub(super) fn video_told(&mut self, cx: &mut Context, at: usize, source: VideoSource) {
        let Some(other) = self.participants.get_mut(at) else {
            return;
        };
        let was_on = other.video.replace(source).is_some_and(VideoSource::is_on);
        if let Some(link) = other.link().filter(|_| was_on != source.is_on()) {
            cx.peer(link.id, PeerCommand::ShowVideo(source.is_on()));
        }
    }
}
