//! The WSDL of a real web service against the embedded table.

use std::io::{Read, Write};
use std::time::Instant;
use vboxsh::schema::{Mapping, Schema, embedded, table_from_wsdl};

/// The WSDL of the server that `VBOXSH_REAL_URL` names, else of the suite's; `None` without any.
fn wsdl() -> Option<String> {
    let url = crate::rig::url().map(str::to_owned)?;
    let host = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut stream = std::net::TcpStream::connect(&host).expect("a server at VBOXSH_REAL_URL");
    write!(stream, "GET /?wsdl HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("a request");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("a reply");
    let reply = String::from_utf8(bytes).expect("text");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    if !head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        return Some(body.to_owned());
    }
    let (mut whole, mut rest) = (String::new(), body);
    while let Some((size, behind)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).expect("a size");
        whole.push_str(&behind[..size]);
        rest = behind[size..].trim_start_matches("\r\n");
        if size == 0 {
            break;
        }
    }
    Some(whole)
}

#[test]
fn the_table_of_the_real_server_equals_the_embedded_one() {
    let Some(wsdl) = wsdl() else { return };
    let start = Instant::now();
    let table = table_from_wsdl(&wsdl, "7.2.22", "7_2", 175_245).expect("a table");
    eprintln!("{} bytes of WSDL to {} bytes of table in {:?}", wsdl.len(), table.len(), start.elapsed());
    let real = Schema::parse(table.leak()).expect("a table").leak();
    real.check().expect("every member reads");
    let own = embedded();
    assert_eq!(real.version(), own.version());
    assert_eq!(real.enumerations(), own.enumerations());
    assert_eq!(real.result_codes(), own.result_codes());
    let names =
        |schema: &'static Schema| schema.interfaces().iter().map(|interface| interface.name).collect::<Vec<_>>();
    assert_eq!(names(real), names(own));
    let (mut attributes, mut methods) = (0, 0);
    for (real, own) in real.interfaces().iter().zip(own.interfaces()) {
        assert_eq!((real.parent_name, real.mapping, real.id), (own.parent_name, own.mapping, own.id), "{}", own.name);
        assert_eq!(real.own_attributes(), own.own_attributes(), "{}", own.name);
        assert_eq!(real.own_methods(), own.own_methods(), "{}", own.name);
        if own.mapping != Mapping::Suppressed {
            attributes += own.own_attributes().iter().filter(|attribute| attribute.remote).count();
            methods += own.own_methods().iter().filter(|method| method.remote).count();
        }
    }
    assert!(attributes > 1000 && methods > 500, "{attributes} attributes, {methods} methods");
}
