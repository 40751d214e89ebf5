//! The registry, with outlets that keep what they are given.

use super::*;
use crate::events::server::ServerDraining;
use crate::signaling::outlet::testing::Recorder;

const WELCOME: &str = "0";

fn actor(user: &str, device: &str) -> Arc<Actor> {
    Arc::new(Actor {
        user: UserId::new(user).unwrap(),
        device: DeviceId::new(device).unwrap(),
        name: None,
        avatar: None,
    })
}

fn add(
    registry: &Registry,
    user: &str,
    device: &str,
    id: u64,
    outlet: Arc<Recorder>,
) -> Result<PresenceLock, TooManySockets> {
    let member = Member {
        actor: actor(user, device),
        id: OutletId(id),
        outlet,
    };
    registry.add(member, WELCOME.into())
}

fn join(registry: &Registry, user: &str, device: &str, id: u64) -> Arc<Recorder> {
    let outlet = Recorder::new();
    add(registry, user, device, id, outlet.clone()).unwrap();
    outlet
}

/// How much it was sent after the welcome.
fn events(outlet: &Recorder) -> usize {
    outlet.sent().len() - 1
}

fn leave(registry: &Registry, user: &str, device: &str, id: u64) -> Remaining {
    registry.remove(&actor(user, device), OutletId(id))
}

fn emit(registry: &Registry, to: Recipient) -> usize {
    let event = ServerDraining { retry_after_ms: 1 }.into();
    registry.deliver(&to, || packet::event(&event))
}

fn ann() -> UserId {
    UserId::new("ann").unwrap()
}

fn device(id: &str) -> DeviceId {
    DeviceId::new(id).unwrap()
}

#[test]
fn events_reach_the_devices_that_are_meant_and_no_others() {
    let registry = Registry::default();
    let phone = join(&registry, "ann", "phone", 1);
    let tab = join(&registry, "ann", "tab", 2);
    let bob = join(&registry, "bob", "phone", 3);
    assert_eq!(emit(&registry, Recipient::User(ann())), 2);
    assert_eq!(emit(&registry, Recipient::Device(ann(), device("tab"))), 1);
    assert_eq!(
        emit(&registry, Recipient::OtherDevices(ann(), device("tab"))),
        1
    );
    assert_eq!(emit(&registry, Recipient::Device(ann(), device("none"))), 0);
    assert_eq!((events(&phone), events(&tab), events(&bob)), (2, 2, 0));
}

#[test]
fn the_newest_socket_of_a_device_gets_the_events() {
    let registry = Registry::default();
    let old = join(&registry, "ann", "phone", 1);
    let new = join(&registry, "ann", "phone", 2);
    assert_eq!(emit(&registry, Recipient::User(ann())), 1);
    assert_eq!((events(&old), events(&new)), (0, 1));
}

#[test]
fn the_late_end_of_an_old_socket_leaves_the_device_connected() {
    let registry = Registry::default();
    join(&registry, "ann", "phone", 1);
    let new = join(&registry, "ann", "phone", 2);
    assert!(matches!(
        leave(&registry, "ann", "phone", 1),
        Remaining::SameSocket
    ));
    assert!(registry.has_device(&actor("ann", "phone")));
    assert_eq!(emit(&registry, Recipient::User(ann())), 1);
    assert_eq!(events(&new), 1);
}

#[test]
fn when_the_newest_socket_closes_an_older_one_takes_over() {
    let registry = Registry::default();
    let old = join(&registry, "ann", "phone", 1);
    join(&registry, "ann", "phone", 2);
    let remaining = leave(&registry, "ann", "phone", 2);
    assert!(matches!(remaining, Remaining::OlderSocket(member, _) if member.id == OutletId(1)));
    assert_eq!(emit(&registry, Recipient::User(ann())), 1);
    assert_eq!(events(&old), 1);
}

#[test]
fn the_end_of_the_last_socket_ends_the_device() {
    let registry = Registry::default();
    join(&registry, "ann", "phone", 1);
    assert!(matches!(
        leave(&registry, "ann", "phone", 1),
        Remaining::Nothing(_)
    ));
    assert!(!registry.has_device(&actor("ann", "phone")));
    assert!(registry.connected_devices(&ann()).is_empty());
    registry.forget(&actor("ann", "phone"));
    assert!(registry.read().is_empty());
}

#[test]
fn a_device_that_is_back_is_not_forgotten_and_keeps_its_lock() {
    let registry = Registry::default();
    join(&registry, "ann", "phone", 1);
    let Remaining::Nothing(before) = leave(&registry, "ann", "phone", 1) else {
        panic!("the device has no socket left");
    };
    let after = add(&registry, "ann", "phone", 2, Recorder::new()).unwrap();
    registry.forget(&actor("ann", "phone"));
    assert!(registry.has_socket(&actor("ann", "phone"), OutletId(2)));
    assert!(Arc::ptr_eq(&before, &after));
}

#[cfg(feature = "redis")]
#[test]
fn a_device_that_signed_in_elsewhere_is_looked_for_there_until_it_is_back() {
    let registry = Registry::default();
    let phone = Recipient::Device(ann(), DeviceId::new("phone").unwrap());
    assert_eq!(registry.within(&phone), Within::AnyNode);
    join(&registry, "ann", "phone", 1);
    assert_eq!(registry.within(&phone), Within::ThisNode);
    assert_eq!(registry.within(&Recipient::User(ann())), Within::AnyNode);
    registry.moved(&ann(), &DeviceId::new("phone").unwrap());
    assert_eq!(registry.within(&phone), Within::AnyNode);
    join(&registry, "ann", "phone", 2);
    assert_eq!(registry.within(&phone), Within::ThisNode);
}

#[test]
fn a_closed_socket_counts_as_not_reached() {
    let registry = Registry::default();
    add(&registry, "ann", "phone", 1, Recorder::closed()).unwrap();
    assert_eq!(emit(&registry, Recipient::User(ann())), 0);
}

#[test]
fn a_newcomer_is_welcomed_before_anything_else() {
    let registry = Registry::default();
    let phone = join(&registry, "ann", "phone", 1);
    emit(&registry, Recipient::User(ann()));
    assert_eq!(phone.sent()[0], WELCOME);
}

#[test]
fn a_socket_too_many_is_turned_away_and_those_that_are_there_stay() {
    let registry = Registry::new(2, Arc::default());
    join(&registry, "ann", "phone", 1);
    join(&registry, "ann", "tab", 2);
    let late = Recorder::new();
    let refused = add(&registry, "ann", "tablet", 3, late.clone());
    assert_eq!(refused.unwrap_err(), TooManySockets { most: 2 });
    assert!(late.sent().is_empty());
    assert_eq!(emit(&registry, Recipient::User(ann())), 2);
    join(&registry, "bob", "phone", 4);
    leave(&registry, "ann", "tab", 2);
    join(&registry, "ann", "tablet", 5);
}

#[test]
fn a_device_that_comes_back_takes_the_place_of_its_own_oldest_socket() {
    let registry = Registry::new(2, Arc::default());
    let stale = join(&registry, "ann", "phone", 1);
    join(&registry, "ann", "tab", 2);
    let back = join(&registry, "ann", "phone", 3);
    assert!(stale.sent().is_empty(), "closed");
    assert!(matches!(
        leave(&registry, "ann", "phone", 1),
        Remaining::SameSocket
    ));
    emit(&registry, Recipient::User(ann()));
    assert_eq!(events(&back), 1);
}
