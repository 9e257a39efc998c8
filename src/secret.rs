//! Secrets in age files: made, changed, checked.
//!
//! Each secret has a file of its own beside the cluster file, which agenix and age read as well. An index beside them says which file
//! belongs to which secret. It carries a MAC whose key is encrypted for the same recipients, because age files name no author: anybody
//! can encrypt for a public key, or put one file in place of another. Changes of several files are one transaction.
//!
//! Plain values stay in memory that is wiped, and leave it only encrypted.

mod ask;
mod change;
mod check;
mod deliver;
mod edit;
mod encryption;
mod identity;
mod index;
mod index_key;
mod nix;
mod pem;
mod plain;
mod rekey;
mod seen;
mod session;
mod tls;
mod value;
mod volatile;

pub use ask::Ask;
pub use check::check;
pub use deliver::{DeliverOptions, Delivered, Delivery, Values, deliver, values_of};
pub use edit::{Edited, edit, set};
pub use identity::Identities;
pub use plain::Plain;
pub use rekey::{Rekeyed, rekey};
pub use session::{Session, Trust};
pub use value::{Made, create, rotate};
pub use volatile::memory;

/// Keeps this process' memory out of core files and from debuggers of the same user. What cannot be had is left.
pub fn harden() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}
