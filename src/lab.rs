//! Throw-away clusters: a real etcd and a real kube-apiserver, and with them real nodes, for as long as they are needed.

mod certificates;
mod control_plane;
mod image;
mod keeper;
mod kubeconfig;
mod nodes;
mod parts;
mod registry;
mod serve;
mod spare;
mod validate;

use std::ffi::OsString;
use std::process::ExitCode;

pub use control_plane::{ControlPlane, ControlPlaneOptions};
pub use image::{ImageFile, Recipe};
pub use keeper::{Engine, UpOptions, down, up};
pub use nodes::{Distribution, Forward, Image, Lab, LabOptions, Network, NodeInfo, PAUSE_IMAGE, Ranges, Step};
pub use registry::{Entry, lab, labs};
pub use spare::Spare;
pub use validate::validate;

/// Runs the lab's hidden commands, if the arguments (the program's name left out) ask for one.
pub fn dispatch(arguments: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut arguments = arguments.into_iter();
    match arguments.next()?.to_str()? {
        serve::CONTROL_PLANE => Some(serve::control_plane(arguments)),
        keeper::KEEPER => Some(keeper::keep(arguments)),
        nodes::INIT => Some(nodes::init(arguments)),
        nodes::RELAY => Some(nodes::relay(arguments)),
        nodes::SUPERVISE => Some(nodes::supervise(arguments)),
        image::MIRROR => Some(image::mirror(arguments)),
        _ => None,
    }
}
