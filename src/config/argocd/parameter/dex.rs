//! Parameters of `argocd-dex`, as its Deployment or StatefulSet upstream names them.

use super::{Parameter, both, new};

pub(super) const ALL: &[Parameter] = &[
    both("ARGOCD_DEX_SERVER_LOGFORMAT", "dexserver.log.format"),
    both("ARGOCD_DEX_SERVER_LOGLEVEL", "dexserver.log.level"),
    new("ARGOCD_LOG_FORMAT_TIMESTAMP", "log.format.timestamp"),
    both("ARGOCD_DEX_SERVER_DISABLE_TLS", "dexserver.disable.tls"),
    new("DEX_CONTINUE_ON_CONNECTOR_FAILURE", "dexserver.connector.failure.continue"),
];
