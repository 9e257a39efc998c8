//! Settings that only agents have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::node_flags::optional_fields;

optional_fields! {
    /// Settings that only agents have, named as k3s names its flags.
    AgentFlags {
        /// Whether the agent talks to the server that it was given only, without k3s' own load balancer on the node. Experimental.
        disable_apiserver_lb: bool,
    }
}
