//! What the Main API is: interfaces, attributes, methods, enums, result codes and help texts.
//!
//! One [`Schema`] describes one release. The embedded one is 7.2; others are built from a server's
//! WSDL. This room holds facts and look-ups only: it calls nothing and knows no transport.

mod enumeration;
mod help;
mod interface;
mod manual;
mod member;
mod moved;
mod naming;
mod result_code;
mod shapes;
mod table;
#[cfg(test)]
mod tests;
mod types;
mod wsdl;

pub use enumeration::{EnumValueDefinition, Enumeration};
pub use help::help;
pub use interface::{Interface, Mapping};
pub use manual::{manual, suggest_topic};
pub use member::{Attribute, Direction, Method, Parameter};
pub use moved::{MOVED, Moved, moved_to, renamed};
pub use naming::{did_you_mean, snake_case, suggest};
pub use result_code::{name_of_code, number_of_code, standard_codes};
pub use shapes::MethodShape;
pub use table::{Schema, TableError, Version};
pub use types::{Kind, Type};
pub use wsdl::{WsdlError, table_from_wsdl};

use std::sync::OnceLock;

/// The facts of VirtualBox 7.2.22 in the compact table form (see `ARCHITECTURE.md`).
const TABLE: &str = include_str!("main-api-7.2.txt");

/// The text of the embedded table: what a release that differs in little is written from.
pub fn embedded_table() -> &'static str {
    TABLE
}

static EMBEDDED: OnceLock<&'static Schema> = OnceLock::new();

/// Makes `schema` the embedded one, for code that was loaded into a process which has read it already. It has
/// to come before the first use.
pub fn adopt(schema: &'static Schema) {
    let _ = EMBEDDED.set(schema);
}

/// The schema of the release that this program carries: VirtualBox 7.2.22.
pub fn embedded() -> &'static Schema {
    EMBEDDED.get_or_init(|| {
        // A test holds that the embedded table is well formed; an empty schema is the harmless rest.
        Schema::leak(Schema::parse(TABLE).unwrap_or_default())
    })
}
