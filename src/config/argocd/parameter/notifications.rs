//! Parameters of `argocd-notifications`, as its Deployment or StatefulSet upstream names them.

use super::{Parameter, both, new};

pub(super) const ALL: &[Parameter] = &[
    both("ARGOCD_NOTIFICATIONS_CONTROLLER_LOGFORMAT", "notificationscontroller.log.format"),
    both("ARGOCD_NOTIFICATIONS_CONTROLLER_LOGLEVEL", "notificationscontroller.log.level"),
    new("ARGOCD_NOTIFICATION_CONTROLLER_PROCESSORS_COUNT", "notificationscontroller.processors.count"),
    new("ARGOCD_LOG_FORMAT_TIMESTAMP", "log.format.timestamp"),
    both("ARGOCD_APPLICATION_NAMESPACES", "application.namespaces"),
    both("ARGOCD_NOTIFICATION_CONTROLLER_SELF_SERVICE_NOTIFICATION_ENABLED", "notificationscontroller.selfservice.enabled"),
    both("ARGOCD_NOTIFICATION_CONTROLLER_REPO_SERVER_PLAINTEXT", "notificationscontroller.repo.server.plaintext"),
    new("ARGOCD_NOTIFICATION_CONTROLLER_REPO_SERVER_CA_CERT_PATH", "notificationscontroller.repo.server.ca.cert.path"),
    new("ARGOCD_NOTIFICATION_CONTROLLER_REPO_SERVER_CLIENT_CERT_PATH", "notificationscontroller.repo.server.client.cert.path"),
    new("ARGOCD_NOTIFICATION_CONTROLLER_REPO_SERVER_CLIENT_CERT_KEY_PATH", "notificationscontroller.repo.server.client.cert.key.path"),
];
