//! The library as its hosts use it: through handles and C strings, from many threads at once.

use gates::abi::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread::{self, ThreadId};

const SPECS: &str = include_str!("../../specs/shop.json");

fn specs(version: u32) -> CString {
    CString::new(SPECS.replacen("\"version\": 1,", &format!("\"version\": {version},"), 1)).unwrap()
}

fn client() -> u64 {
    // SAFETY: the specs outlive the call.
    let client = unsafe { gates_client_create(specs(1).as_ptr(), ptr::null(), 0, 0, None) };
    assert_ne!(client, 0);
    client
}

fn user(id: &str) -> u64 {
    let json = CString::new(format!(r#"{{"user_id":"{id}","country":"DE","app_version":"2.5.0"}}"#)).unwrap();
    // SAFETY: the text outlives the call.
    unsafe { gates_user_create(json.as_ptr()) }
}

/// The answer as JSON; its memory is given back, and its length was told rightly.
fn taken(ask: impl FnOnce(*mut u64) -> *mut c_char) -> Option<Value> {
    let mut length = 0;
    let answer = ask(&mut length);
    if answer.is_null() {
        return None;
    }
    // SAFETY: answers are C strings until they are given back.
    let text = unsafe { CStr::from_ptr(answer) }.to_str().unwrap().to_owned();
    // SAFETY: given back once.
    unsafe { free_string(answer) };
    assert_eq!(text.len() as u64, length);
    Some(serde_json::from_str(&text).unwrap())
}

/// One answer of each kind.
fn all_answers(client: u64, user: u64) -> Vec<Value> {
    // SAFETY: all texts are literals.
    unsafe {
        let layer = gates_layer_create(client, user, c"selling".as_ptr());
        let answers = [
            taken(|length| gates_get_gate(client, user, c"new-checkout".as_ptr(), length)),
            taken(|length| gates_get_config(client, user, c"search-tuning".as_ptr(), length)),
            taken(|length| gates_get_experiment(client, user, c"price-page".as_ptr(), length)),
            taken(|length| gates_get_parameter(client, user, c"app".as_ptr(), c"banner".as_ptr(), length)),
            taken(|length| gates_layer_value(layer, c"columns".as_ptr(), length)),
            taken(|length| gates_bootstrap(client, user, length)),
        ];
        gates_layer_release(layer);
        answers.into_iter().flatten().collect()
    }
}

#[test]
fn every_answer_names_its_user_first() {
    let (client, ada) = (client(), user("ada"));
    let answers = all_answers(client, ada);
    assert_eq!(answers.len(), 6);
    for answer in &answers {
        assert_eq!(answer["user_id"], "ada", "{answer}");
    }
    assert_eq!(answers[5]["gates"]["new-checkout"]["value"], answers[0]["value"]);
    gates_user_release(ada);
    gates_client_release(client);
}

#[test]
fn eight_threads_get_their_own_answers_while_specs_are_reloaded() {
    let client = client();
    let asking = AtomicBool::new(true);
    thread::scope(|scope| {
        let askers: Vec<_> = (0..8)
            .map(|thread| {
                scope.spawn(move || {
                    for n in 0..500 {
                        let id = format!("t{thread}-{n}");
                        let user = user(&id);
                        assert!(
                            all_answers(client, user).iter().all(|answer| answer["user_id"] == id.as_str())
                        );
                        gates_user_release(user);
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            let mut version = 2;
            while asking.load(Ordering::Relaxed) {
                // SAFETY: the specs outlive the call.
                assert!(unsafe { gates_client_update(client, specs(version).as_ptr()) });
                version += 1;
            }
        });
        for asker in askers {
            asker.join().unwrap();
        }
        asking.store(false, Ordering::Relaxed);
    });
    gates_client_release(client);
}

#[test]
fn what_is_missing_gives_the_value_for_failure() {
    let (client, ada) = (client(), user("ada"));
    // SAFETY: all texts are null or literals.
    unsafe {
        assert_eq!(gates_user_create(ptr::null()), 0);
        assert_eq!(gates_user_create(c"{".as_ptr()), 0);
        assert_eq!(gates_client_create(c"{}".as_ptr(), ptr::null(), 0, 0, None), 0);
        assert_eq!(gates_client_create(specs(1).as_ptr(), c"{\"batches\":1}".as_ptr(), 0, 0, None), 0);
        assert!(!gates_client_update(client, specs(1).as_ptr()), "not newer");
        assert!(gates_get_gate(client, client, c"staff".as_ptr(), ptr::null_mut()).is_null());
        assert!(gates_get_gate(client, ada, ptr::null(), ptr::null_mut()).is_null());
        assert!(gates_get_gate(client, ada, c"\xff".as_ptr(), ptr::null_mut()).is_null());
        assert!(!gates_check_gate(0, ada, c"staff".as_ptr()));
        assert_eq!(gates_layer_create(client, 0, c"selling".as_ptr()), 0);
        free_string(ptr::null_mut());
    }
    gates_user_release(ada);
    gates_user_release(ada);
    gates_client_release(client);
    // SAFETY: the text is a literal.
    assert!(unsafe { gates_get_gate(client, ada, c"staff".as_ptr(), ptr::null_mut()) }.is_null());
}

#[test]
fn overrides_go_before_rules() {
    let (client, ada) = (client(), user("ada"));
    // SAFETY: all texts are literals.
    unsafe {
        assert!(!gates_check_gate(client, ada, c"old-search".as_ptr()));
        assert!(gates_override_gate(client, c"old-search".as_ptr(), c"ada".as_ptr(), true));
        assert!(gates_check_gate(client, ada, c"old-search".as_ptr()));
        assert!(gates_override_group(client, c"price-page".as_ptr(), c"".as_ptr(), c"one-column".as_ptr()));
        let price_page =
            taken(|length| gates_get_experiment(client, ada, c"price-page".as_ptr(), length)).unwrap();
        assert_eq!((&price_page["reason"], &price_page["value"]["columns"]), (&"override".into(), &1.into()));
        gates_override_clear(client);
        assert!(!gates_check_gate(client, ada, c"old-search".as_ptr()));
        let config = (c"search-tuning".as_ptr(), c"ada".as_ptr(), c"[1]".as_ptr());
        assert!(!gates_override_config(client, config.0, config.1, config.2), "not an object");
    }
    gates_client_release(client);
}

/// What the host of the test below has seen. Callbacks of C carry no context, so there is one such test only.
static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
static RELOADED: AtomicU64 = AtomicU64::new(0);
static CALLED_BACK_FROM: OnceLock<ThreadId> = OnceLock::new();
static KEPT: Mutex<Option<CString>> = Mutex::new(None);

extern "C" fn get(_key: *const c_char) -> *const c_char {
    CALLED_BACK_FROM.get_or_init(|| thread::current().id());
    KEPT.lock().unwrap().as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

extern "C" fn set(_key: *const c_char, text: *const c_char) {
    // SAFETY: the library passes a C string. The old one is leaked: somebody may still be copying it.
    let old = KEPT.lock().unwrap().replace(unsafe { CStr::from_ptr(text) }.to_owned());
    std::mem::forget(old);
}

extern "C" fn observe(name: *const c_char, count: u64) {
    // SAFETY: the library passes a C string.
    if unsafe { CStr::from_ptr(name) } == c"specs.reloaded" {
        RELOADED.fetch_add(count, Ordering::Relaxed);
    }
}

extern "C" fn take(exposures: *const c_char) {
    // SAFETY: the library passes a C string.
    let list: Vec<Value> = serde_json::from_slice(unsafe { CStr::from_ptr(exposures) }.to_bytes()).unwrap();
    let shown =
        list.iter().map(|exposure| format!("{} {}", exposure["kind"], exposure["name"]).replace('"', ""));
    SEEN.lock().unwrap().extend(shown);
}

#[test]
fn the_host_is_called_back_from_the_background_and_once_more_at_the_end() {
    *KEPT.lock().unwrap() = Some(specs(1));
    let (store, observer) = (gates_store_create(Some(get), Some(set)), gates_observer_create(Some(observe)));
    let options = c"{\"interval_ms\":5}";
    // SAFETY: all texts are literals, null or outlive the call.
    unsafe {
        let client = gates_client_create(ptr::null(), options.as_ptr(), store, observer, Some(take));
        let ada = user("ada");
        assert!(gates_override_group(client, c"cart-colour".as_ptr(), c"ada".as_ptr(), c"orange".as_ptr()));
        let layer = gates_layer_create(client, ada, c"selling".as_ptr());
        assert!(gates_log_event(client, ada, c"bought".as_ptr(), c"42".as_ptr()));
        assert!(gates_get_gate(client, ada, c"staff".as_ptr(), ptr::null_mut()) != ptr::null_mut());
        gates_client_flush(client);
        assert_eq!(*SEEN.lock().unwrap(), ["event bought", "gate staff"].map(str::to_owned).into());

        *KEPT.lock().unwrap() = Some(specs(2));
        while RELOADED.load(Ordering::Relaxed) == 0 {
            thread::yield_now();
        }
        taken(|length| gates_layer_value(layer, c"colour".as_ptr(), length)).unwrap();
        gates_client_release(client);
        assert!(SEEN.lock().unwrap().contains("layer cart-colour"), "looking at a parameter exposes");
    }
}
