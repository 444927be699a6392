//! The web-service backend on a server in this process: log-on, faults, re-log-on, releases.

use super::server::{Plan, Server, Trick};
use super::wire::{call, get};
use std::time::{Duration, Instant};
use vboxsh::backend::webservice::{ConnectOptions, SchemaChoice, WebService, connect};
use vboxsh::model::{Error, Handle, Operation, RawValue, Request, Result, Secret, Transport, Value};
use vboxsh::schema::embedded;

pub(super) fn options(server: &Server) -> ConnectOptions {
    ConnectOptions { schema: SchemaChoice::Automatic, ..ConnectOptions::new(server.url()) }
}

pub(super) fn invoke(
    service: &WebService,
    target: &Handle,
    operation: Operation,
    arguments: &[RawValue],
) -> Result<Vec<RawValue>> {
    service.invoke(Request { target, operation, arguments, waits: None })
}

pub(super) fn find(service: &WebService, name: &str) -> Result<Vec<RawValue>> {
    invoke(service, &Handle::Root, call("IVirtualBox", "findMachine"), &[RawValue::from(name)])
}

fn machine(service: &WebService) -> Handle {
    match &find(service, "web-01").unwrap()[..] {
        [RawValue::Object((handle, _))] => handle.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_logs_on_reads_and_logs_off() {
    let server = Server::start(Plan::default());
    let connection = connect(options(&server)).unwrap();
    assert_eq!(connection.root().get("homeFolder").unwrap(), Value::from("/home/a&b"));
    assert!(std::ptr::eq(connection.schema(), embedded()));
    assert_eq!(connection.transport().describe(), format!("web service {}, VirtualBox 7.2.22_Debian", server.url()));
    assert!(connection.session().unwrap().interface().name == "ISession");
    assert_eq!(server.connections(), 1);
    drop(connection);
    assert_eq!(server.count("IWebsessionManager_logoff"), 1);
}

#[test]
fn a_hundred_requests_a_connection_and_more_go_unnoticed() {
    for (most, chunked) in [(100, false), (1, false), (3, true)] {
        let server = Server::start(Plan { most, chunked, ..Plan::default() });
        let service = WebService::connect(options(&server)).unwrap();
        for _ in 0..250 {
            assert_eq!(
                invoke(&service, &Handle::Root, get("IVirtualBox", "version"), &[]).unwrap(),
                [RawValue::from("7.2.22_Debian")]
            );
        }
        assert_eq!(server.count("getVersion"), 251);
        assert_eq!(server.connections(), 252_usize.div_ceil(most));
    }
}

/// The real server may leave connections that come at once until another has been idle for a minute.
#[test]
fn a_connection_is_opened_when_the_one_before_has_been_answered() {
    let tricks = Box::new(|_: &str| Some(Trick::Late(Duration::from_millis(20))));
    let server = Server::start(Plan { tricks, ..Plan::default() });
    let service = WebService::connect(options(&server)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                for _ in 0..20 {
                    invoke(&service, &Handle::Root, get("IVirtualBox", "version"), &[]).unwrap();
                }
            });
        }
    });
    assert_eq!(server.count("getVersion"), 241);
    // One, but for a computer on which a reply takes very long.
    assert!(server.most_unanswered() < 4, "{} at once", server.most_unanswered());
    assert!(server.connections() > 3, "{} connections for twelve threads", server.connections());
}

#[test]
fn a_failed_call_tells_all_and_its_error_info_is_released() {
    let server = Server::start(Plan::default());
    let service = WebService::connect(options(&server)).unwrap();
    for _ in 0..70 {
        let error = find(&service, "nope").unwrap_err();
        let api = error.api_error().unwrap();
        assert_eq!(
            (api.code, api.message.as_str(), api.component.as_str(), api.interface.as_str()),
            (0x80bb_0001, "No machine 'nope'", "VirtualBoxWrap", "IVirtualBox")
        );
    }
    assert_eq!(server.count("IManagedObjectRef_release"), 64);
    assert_eq!(server.count("\"nope\""), 70);
}

#[test]
fn e_abort_without_a_reason_is_passed_on_while_the_server_lives() {
    let server = Server::start(Plan::default());
    let service = WebService::connect(options(&server)).unwrap();
    assert_eq!(find(&service, "died").unwrap_err().api_error().map(|error| error.code), Some(0x8000_4004));
}

#[test]
fn the_root_survives_the_end_of_its_session_and_other_objects_say_so() {
    let server = Server::start(Plan::default());
    let service = WebService::connect(options(&server)).unwrap();
    let machine = machine(&service);
    server.expire();
    let error = invoke(&service, &machine, get("IMachine", "name"), &[]).unwrap_err();
    assert!(matches!(&error, Error::Stale { hint, .. } if hint.contains("timed out")), "{error:?}");
    assert_eq!(server.count("logon"), 2);

    server.expire();
    assert_eq!(find(&service, "again").unwrap().len(), 1);
    assert_eq!(server.count("logon"), 3);
    // Once refused, once run.
    assert_eq!(server.count("\"again\""), 2);

    server.expire();
    assert!(matches!(service.open_session().unwrap(), Handle::Text(_)));
    // An object of an earlier session, in a session that lives.
    let error = invoke(&service, &machine, get("IMachine", "name"), &[]).unwrap_err();
    assert!(matches!(&error, Error::Stale { hint, .. } if !hint.is_empty()), "{error:?}");
    // Nor does it count that it is an argument.
    let error = invoke(&service, &Handle::Root, call("IVirtualBox", "getMachineStates"), &[RawValue::List(vec![])])
        .unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
}

#[test]
fn one_of_many_threads_logs_on_anew() {
    let server = Server::start(Plan::default());
    let service = WebService::connect(options(&server)).unwrap();
    server.expire();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| invoke(&service, &Handle::Root, get("IVirtualBox", "version"), &[]).unwrap());
        }
    });
    assert_eq!(server.count("logon"), 2);
}

#[test]
fn a_missing_interface_is_told_from_a_dead_object() {
    let server = Server::start(Plan::default());
    let service = WebService::connect(options(&server)).unwrap();
    let machine = machine(&service);
    let error = invoke(&service, &machine, get("IMedium", "id"), &[]).unwrap_err();
    assert_eq!(error.api_error().map(|error| error.code), Some(0x8000_4002), "{error:?}");
    let medium = embedded().interface("IMedium").unwrap();
    assert_eq!(service.query_interface(&machine, medium).unwrap(), None);
    assert_eq!(service.query_interface(&Handle::Root, medium).unwrap(), None);
    let dead = Handle::Text("0000000000000007-0000dead".into());
    assert!(matches!(service.query_interface(&dead, medium), Err(Error::Stale { .. })));
    assert!(matches!(invoke(&service, &dead, get("IMachine", "name"), &[]), Err(Error::Stale { .. })));
    assert_eq!(server.count("logon"), 1);
}

#[test]
fn a_refused_log_on_tells_its_cure_and_no_password() {
    let server = Server::start(Plan { password: Some("swordfish"), ..Plan::default() });
    let wrong = ConnectOptions { user: "ops".into(), password: Secret::new("geheim"), ..options(&server) };
    assert!(!format!("{wrong:?}").contains("geheim"));
    let error = WebService::connect(wrong).err().unwrap();
    assert!(matches!(error, Error::LogOn(_)), "{error:?}");
    let told = format!("{error} {:?}", error.hint());
    assert!(told.contains("`ops`") && told.contains("websrvauthlibrary") && !told.contains("geheim"), "{told}");
    let right = ConnectOptions { user: "ops".into(), password: Secret::new("swordfish"), ..options(&server) };
    assert!(WebService::connect(right).is_ok());
}

#[test]
fn a_version_that_is_none_is_not_understood() {
    let server = Server::start(Plan { version: "one", ..Plan::default() });
    let error = WebService::connect(options(&server)).err().unwrap();
    assert!(error.to_string().contains("`one`"), "{error}");
}

#[test]
fn references_are_released_one_by_one_and_none_of_an_earlier_session() {
    let server = Server::start(Plan { most: 10, ..Plan::default() });
    let service = WebService::connect(options(&server)).unwrap();
    let handle = |session: usize, number: usize| Handle::Text(format!("{session:016x}-{number:016x}").as_str().into());
    let mut handles: Vec<Handle> = (100..130).map(|number| handle(7, number)).collect();
    handles.extend([handle(6, 1), Handle::Root, Handle::Number(1)]);
    service.release(&handles);
    assert_eq!(server.count("release"), 30);
}

#[test]
fn an_idle_session_is_kept_alive_until_it_is_closed() {
    let server = Server::start(Plan::default());
    let service = WebService::connect(ConnectOptions { ping: Duration::from_millis(40), ..options(&server) }).unwrap();
    let start = Instant::now();
    while server.count("getAPIRevision") < 3 {
        assert!(start.elapsed() < Duration::from_secs(10), "no ping");
        std::thread::sleep(Duration::from_millis(10));
    }
    service.close();
    std::thread::sleep(Duration::from_millis(60));
    let pings = server.count("getAPIRevision");
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(server.count("getAPIRevision"), pings);
    assert_eq!(server.count("logoff"), 1);
    let error = find(&service, "x").unwrap_err();
    assert!(error.hint().is_some_and(|hint| hint.contains("reconnect")), "{error}");
    service.reconnect().unwrap();
    assert_eq!(find(&service, "x").unwrap().len(), 1);
    drop(service);
    assert_eq!(server.count("logoff"), 2);
}

#[test]
fn an_idle_connection_is_not_trusted_for_long() {
    let server = Server::start(Plan::default());
    let mut options = options(&server);
    options.limits.idle = Duration::from_millis(50);
    let service = WebService::connect(options).unwrap();
    std::thread::sleep(Duration::from_millis(80));
    find(&service, "x").unwrap();
    assert_eq!(server.connections(), 2);
}

#[test]
fn what_the_server_lacks_is_told() {
    let server = Server::start(Plan::default());
    let service = WebService::connect(options(&server)).unwrap();
    let error = invoke(&service, &Handle::Root, get("IVirtualBox", "settingsFilePath"), &[]).unwrap_err();
    assert!(error.to_string().contains("IVirtualBox.settingsFilePath"), "{error}");
}
