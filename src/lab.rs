//! A throw-away control plane: a real etcd and a real kube-apiserver, for as long as it is needed.

mod certificates;
mod control_plane;
mod kubeconfig;
mod serve;
mod spare;
mod validate;

pub use control_plane::{ControlPlane, ControlPlaneOptions};
pub use serve::dispatch;
pub use spare::Spare;
pub use validate::validate;
