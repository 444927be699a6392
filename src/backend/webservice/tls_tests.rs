//! TLS against servers in this process, with certificates made for each test.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};
use std::net::{SocketAddr, TcpListener};
use std::thread;

/// A certificate with its key.
struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
    pem: String,
}

impl Identity {
    fn fingerprint(&self) -> String {
        show(&Sha256::digest(self.certificate.as_ref()).into())
    }
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

fn self_signed(params: CertificateParams) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Identity { certificate: certificate.der().clone(), key: key.serialize_der(), pem: certificate.pem() }
}

/// A certificate for localhost by an authority of its own, and the authority in PEM form.
fn by_authority(params: CertificateParams) -> (Identity, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    // Authorities of one name and different keys would be another case.
    authority.distinguished_name.push(DnType::CommonName, show(&Sha256::digest(authority_key.serialize_der()).into()));
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    (Identity { certificate: certificate.der().clone(), key: key.serialize_der(), pem: certificate.pem() }, pem)
}

/// A server that answers every message with the same in capitals; `end` ends the connection.
fn serve(identity: &Identity) -> SocketAddr {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key.clone()));
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let config =
        Arc::new(builder.with_no_client_auth().with_single_cert(vec![identity.certificate.clone()], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        while let Ok((mut tcp, _)) = listener.accept() {
            let config = Arc::clone(&config);
            thread::spawn(move || {
                let mut connection = ServerConnection::new(config).unwrap();
                let mut stream = rustls::Stream::new(&mut connection, &mut tcp);
                let mut bytes = [0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut bytes) {
                    if bytes.starts_with(b"end") {
                        stream.conn.send_close_notify();
                        let _ = stream.flush();
                        return;
                    }
                    let answer = bytes[..count].to_ascii_uppercase();
                    if stream.write_all(&answer).and_then(|()| stream.flush()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

fn open(address: SocketAddr, host: &str, options: &TlsOptions) -> Result<Box<dyn Stream>, ConnectionProblem> {
    let tcp = TcpStream::connect(address).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    connect(tcp, host, options)
}

fn refused(address: SocketAddr, host: &str, options: &TlsOptions) -> ConnectionProblem {
    match open(address, host, options) {
        Ok(_) => panic!("a connection"),
        Err(problem) => {
            assert!(!problem.hint.is_empty() && !problem.message.ends_with('.'), "{problem:?}");
            problem
        }
    }
}

fn answers(mut stream: Box<dyn Stream>) {
    assert!(!stream.peek_closed());
    stream.write_all(b"hello").unwrap();
    stream.flush().unwrap();
    let mut bytes = [0; 5];
    stream.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"HELLO");
    assert!(!stream.peek_closed());
}

fn pinned(fingerprint: impl Into<String>) -> TlsOptions {
    TlsOptions { fingerprint: Some(fingerprint.into()), ..TlsOptions::default() }
}

/// Options that name a file with that text; the folder goes with it.
fn with_file(pem: &str) -> (TlsOptions, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    (TlsOptions { ca_file: Some(file), ..TlsOptions::default() }, folder)
}

#[test]
fn an_authority_of_the_users_own_is_trusted() {
    let (identity, authority) = by_authority(params(&["localhost", "127.0.0.1"]));
    let (options, _folder) = with_file(&authority);
    let address = serve(&identity);
    answers(open(address, "localhost", &options).unwrap());
    answers(open(address, "127.0.0.1", &options).unwrap());
}

#[test]
fn an_untrusted_certificate_shows_its_fingerprint_and_the_ways_on() {
    let (identity, _) = by_authority(params(&["localhost"]));
    let address = serve(&identity);
    let problem = refused(address, "localhost", &TlsOptions::default());
    assert!(problem.message.contains("not trusted: no well-known authority"), "{problem:?}");
    assert!(problem.message.contains(&identity.fingerprint()), "{problem:?}");
    assert!(
        problem.hint.contains(&format!("--fingerprint {}", identity.fingerprint()))
            && problem.hint.contains("--ca-file"),
        "{problem:?}"
    );
    let (_, stranger) = by_authority(params(&["localhost"]));
    let (options, _folder) = with_file(&stranger);
    assert!(refused(address, "localhost", &options).message.contains("neither"));
    // What the hint says works.
    answers(open(address, "localhost", &pinned(identity.fingerprint())).unwrap());
}

#[test]
fn a_self_made_certificate_in_the_file_is_trusted_even_as_an_authority() {
    let plain = self_signed(params(&["localhost"]));
    let mut own = params(&["localhost"]);
    own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for identity in [plain, self_signed(own)] {
        let (options, _folder) = with_file(&identity.pem);
        let address = serve(&identity);
        let unknown = refused(address, "localhost", &TlsOptions::default()).message;
        assert!(
            unknown.contains("not trusted: it signed itself") || unknown.contains("no well-known authority"),
            "{unknown}"
        );
        answers(open(address, "localhost", &options).unwrap());
        assert!(refused(address, "elsewhere.example", &options).message.contains("another name"));
    }
}

#[test]
fn a_certificate_for_another_name_is_told_apart() {
    let (identity, authority) = by_authority(params(&["right.example", "other.example"]));
    let (options, _folder) = with_file(&authority);
    let problem = refused(serve(&identity), "localhost", &options);
    assert!(problem.message.contains("another name: for `right.example`, `other.example`"), "{problem:?}");
    assert!(problem.message.contains(&identity.fingerprint()), "{problem:?}");
    assert!(problem.hint.contains("by the name it is for"), "{problem:?}");
}

#[test]
fn an_old_certificate_is_told_apart() {
    let mut old = params(&["localhost"]);
    (old.not_before, old.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    let mut young = params(&["localhost"]);
    (young.not_before, young.not_after) = (date_time_ymd(2190, 1, 1), date_time_ymd(2191, 1, 1));
    for (params, word) in [(old, "expired"), (young, "not valid yet")] {
        let (identity, authority) = by_authority(params);
        let (options, _folder) = with_file(&authority);
        let address = serve(&identity);
        let problem = refused(address, "localhost", &options);
        assert!(problem.message.contains(word), "{problem:?}");
        assert!(problem.hint.contains("clock"), "{problem:?}");
        // Who pins it knows it.
        answers(open(address, "localhost", &pinned(identity.fingerprint())).unwrap());
    }
}

#[test]
fn a_pinned_certificate_needs_no_chain_and_no_name() {
    let identity = self_signed(params(&["nowhere.example"]));
    let address = serve(&identity);
    let colons = identity.fingerprint();
    let bare = colons.replace(':', "").to_lowercase();
    for fingerprint in [colons.clone(), bare.clone(), format!("sha256:{bare}"), format!(" SHA256:{colons} ")] {
        answers(open(address, "localhost", &pinned(fingerprint)).unwrap());
    }
    // Not even a name that could stand in a certificate.
    answers(open(address, "under_score:%x", &pinned(bare)).unwrap());
    assert!(refused(address, "under_score:%x", &TlsOptions::default()).message.contains("no name"));
}

#[test]
fn another_certificate_than_the_pinned_one_shows_both() {
    let identity = self_signed(params(&["localhost"]));
    let other = self_signed(params(&["localhost"]));
    let problem = refused(serve(&identity), "localhost", &pinned(other.fingerprint()));
    assert!(problem.message.contains("not the pinned one"), "{problem:?}");
    assert!(
        problem.message.contains(&identity.fingerprint()) && problem.message.contains(&other.fingerprint()),
        "{problem:?}"
    );
    // Pinning wins over a file that would do.
    let (file, _folder) = with_file(&identity.pem);
    let both = TlsOptions { fingerprint: Some(other.fingerprint()), ..file };
    assert!(refused(serve(&identity), "localhost", &both).message.contains("not the pinned one"));
}

#[test]
fn insecure_takes_any_certificate() {
    let mut old = params(&["nowhere.example"]);
    (old.not_before, old.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    let options = TlsOptions { insecure: true, ..TlsOptions::default() };
    answers(open(serve(&self_signed(old)), "localhost", &options).unwrap());
}

#[test]
fn a_server_without_tls_is_told_apart() {
    for reply in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b""] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut tcp, _) = listener.accept().unwrap();
            let _ = tcp.read(&mut [0; 4096]);
            let _ = tcp.write_all(reply);
        });
        let problem = refused(address, "localhost", &TlsOptions::default());
        server.join().unwrap();
        assert!(problem.message.contains("does not speak TLS") && problem.hint.contains("http://"), "{problem:?}");
    }
}

#[test]
fn a_silent_server_does_not_hang_the_handshake() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    tcp.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let problem = connect(tcp, "localhost", &TlsOptions::default()).err().unwrap();
    assert!(problem.message.contains("in time"), "{problem:?}");
}

#[test]
fn bad_options_are_refused_before_a_word_is_sent() {
    let address = serve(&self_signed(params(&["localhost"])));
    let missing = TlsOptions { ca_file: Some("/no/such/file.pem".into()), ..TlsOptions::default() };
    let problem = refused(address, "localhost", &missing);
    assert!(problem.message.contains("/no/such/file.pem") && problem.hint.contains("PEM"), "{problem:?}");
    for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"] {
        let (options, _folder) = with_file(text);
        assert!(refused(address, "localhost", &options).message.contains("cannot be read"), "{text}");
    }
    for fingerprint in ["", "12:34", &"zz".repeat(32), &"ab".repeat(33), "sha256:é", &"a".repeat(63)] {
        assert!(
            refused(address, "localhost", &pinned(fingerprint)).message.contains("no SHA-256 fingerprint"),
            "{fingerprint}"
        );
    }
}

#[test]
fn the_end_of_a_connection_is_seen_and_waits_go_on_where_they_stopped() {
    let identity = self_signed(params(&["localhost"]));
    let address = serve(&identity);
    let mut stream = open(address, "localhost", &pinned(identity.fingerprint())).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let error = stream.read(&mut [0; 8]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    // More than one record and more than the buffers hold.
    let text = vec![b'x'; 300_000];
    let mut back = Vec::new();
    for piece in text.chunks(4000) {
        stream.write_all(piece).unwrap();
        stream.flush().unwrap();
        let mut bytes = vec![0; piece.len()];
        stream.read_exact(&mut bytes).unwrap();
        back.extend(bytes);
    }
    assert_eq!(back, text.to_ascii_uppercase());
    // An answer that nobody asked for makes it useless.
    stream.write_all(b"unread").unwrap();
    stream.flush().unwrap();
    thread::sleep(Duration::from_millis(200));
    assert!(stream.peek_closed());

    let mut stream = open(address, "localhost", &pinned(identity.fingerprint())).unwrap();
    assert!(!stream.peek_closed());
    stream.write_all(b"end").unwrap();
    stream.flush().unwrap();
    thread::sleep(Duration::from_millis(200));
    assert!(stream.peek_closed());
}
