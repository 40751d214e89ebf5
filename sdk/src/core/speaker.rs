//! Who speaks: with hysteresis, so that a cough or a pause between words changes nothing.

use ringback_protocol::UserId;

/// Below this, nobody speaks: background noise is quieter, a voice louder (linear, 0 to 1).
const VOICE: f64 = 0.02;
/// What is left of a level one reading later: words have pauses between them.
const DECAY: f64 = 0.8;
/// How many times louder than a speaker somebody must be to be noticed beside them.
const LOUDER: f64 = 2.0;
/// How many readings somebody must be loud to speak when nobody else does.
const BEGINS_AFTER: u8 = 2;
/// How many readings somebody must be louder than the one who speaks.
const TAKES_OVER_AFTER: u8 = 4;
/// How many readings the one who speaks must be quiet to have stopped.
const STOPS_AFTER: u8 = 10;

/// Follows who speaks, reading by reading, five times a second.
#[derive(Debug, Default)]
pub(super) struct Speaker {
    loudness: Vec<(UserId, f64)>,
    current: Option<UserId>,
    rival: Option<UserId>,
    /// For how many readings the rival was there.
    rival_for: u8,
    /// For how many readings the one who speaks was quiet.
    quiet_for: u8,
}

impl Speaker {
    /// Takes in how loud everyone is; tells whether somebody else speaks than before.
    pub(super) fn hear(&mut self, levels: &[(UserId, f64)]) -> bool {
        self.smooth(levels);
        let current = self.current.as_ref().map_or(0.0, |user| self.of(user));
        let is_speaking = current >= VOICE;
        self.quiet_for = if is_speaking {
            0
        } else {
            self.quiet_for.saturating_add(1)
        };
        let needed = if is_speaking { current * LOUDER } else { VOICE };
        let rival = self.loudest_other().filter(|(_, level)| *level >= needed);
        let rival = rival.map(|(user, _)| user.clone());
        self.rival_for = match &rival {
            Some(_) if rival == self.rival => self.rival_for.saturating_add(1),
            Some(_) => 1,
            None => 0,
        };
        self.rival = rival;
        self.decide(is_speaking)
    }

    /// Returns who speaks.
    pub(super) const fn current(&self) -> Option<&UserId> {
        self.current.as_ref()
    }

    /// Returns how loud everyone was of late.
    pub(super) fn loudness(&self) -> &[(UserId, f64)] {
        &self.loudness
    }

    fn decide(&mut self, is_speaking: bool) -> bool {
        let patience = if is_speaking {
            TAKES_OVER_AFTER
        } else {
            BEGINS_AFTER
        };
        if self.rival_for >= patience {
            self.current = self.rival.take();
        } else if self.current.is_some() && self.quiet_for >= STOPS_AFTER {
            self.current = None;
        } else {
            return false;
        }
        self.rival_for = 0;
        self.quiet_for = 0;
        true
    }

    fn smooth(&mut self, levels: &[(UserId, f64)]) {
        let smoothed = levels.iter().map(|(user, level)| {
            let left = self.of(user) * DECAY;
            (user.clone(), if *level > left { *level } else { left })
        });
        self.loudness = smoothed.collect();
    }

    fn of(&self, user: &UserId) -> f64 {
        let known = self.loudness.iter().find(|(other, _)| other == user);
        known.map_or(0.0, |(_, level)| *level)
    }

    fn loudest_other(&self) -> Option<&(UserId, f64)> {
        let current = self.current.as_ref();
        let others = self.loudness.iter();
        let others = others.filter(|(user, _)| Some(user) != current);
        others.reduce(|loudest, other| if other.1 > loudest.1 { other } else { loudest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    /// Hears both at these levels for a while, and returns who speaks at the end.
    fn hear(speaker: &mut Speaker, readings: u32, alice: f64, bob: f64) -> Option<String> {
        for _ in 0..readings {
            speaker.hear(&[(user("alice"), alice), (user("bob"), bob)]);
        }
        speaker.current().map(|user| user.as_str().to_owned())
    }

    #[test]
    fn whoever_is_loud_for_two_readings_speaks() {
        let mut speaker = Speaker::default();
        assert_eq!(hear(&mut speaker, 1, 0.2, 0.0), None);
        assert_eq!(hear(&mut speaker, 1, 0.2, 0.0).unwrap(), "alice");
    }

    #[test]
    fn noise_is_no_speech() {
        assert_eq!(hear(&mut Speaker::default(), 50, 0.01, 0.015), None);
    }

    #[test]
    fn a_cough_beside_a_speaker_changes_nothing() {
        let mut speaker = Speaker::default();
        hear(&mut speaker, 5, 0.2, 0.0);
        assert_eq!(hear(&mut speaker, 1, 0.2, 0.3).unwrap(), "alice");
        assert_eq!(hear(&mut speaker, 20, 0.2, 0.3).unwrap(), "alice");
    }

    #[test]
    fn somebody_much_louder_takes_over_within_a_second() {
        let mut speaker = Speaker::default();
        hear(&mut speaker, 5, 0.1, 0.0);
        assert_eq!(hear(&mut speaker, 3, 0.1, 0.5).unwrap(), "alice");
        assert_eq!(hear(&mut speaker, 1, 0.1, 0.5).unwrap(), "bob");
    }

    #[test]
    fn an_answer_after_a_question_is_noticed_soon() {
        let mut speaker = Speaker::default();
        hear(&mut speaker, 5, 0.1, 0.0);
        assert_eq!(hear(&mut speaker, 12, 0.0, 0.1).unwrap(), "bob");
    }

    #[test]
    fn a_pause_between_words_is_no_end() {
        let mut speaker = Speaker::default();
        hear(&mut speaker, 5, 0.2, 0.0);
        assert_eq!(hear(&mut speaker, 8, 0.0, 0.0).unwrap(), "alice");
        hear(&mut speaker, 1, 0.2, 0.0);
        assert_eq!(hear(&mut speaker, 40, 0.0, 0.0), None);
    }

    #[test]
    fn whoever_left_speaks_no_more() {
        let mut speaker = Speaker::default();
        hear(&mut speaker, 5, 0.2, 0.0);
        let changes = (0..10).filter(|_| speaker.hear(&[(user("bob"), 0.0)]));
        assert_eq!(changes.count(), 1);
        assert_eq!(speaker.current(), None);
    }
}
