//! Settings that only servers have, and that may differ between them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::node_flags::optional_fields;
use super::{BucketLookup, elsewhere};
use crate::config::{AbsolutePath, Cron, DnsName, FileMode, GoDuration, Host, HttpUrl, IpAddress, Port};

optional_fields! {
    /// Settings of a k3s server that may differ between servers, named as k3s names its flags. What is not set keeps k3s' default.
    ///
    /// Those of k3s 1.37 (its pkg/cli/cmds/server.go; docs.k3s.io/cli/server). What all servers must agree on stands in the section `k3s`.
    #[schemars(extend("x-elsewhere" = elsewhere::in_server()))]
    ServerFlags {
        /// The port of the API server and of joining. Default 6443.
        https_listen_port: Port,
        /// The address that the API server tells the cluster. Default: the node's external address, or else its internal one.
        advertise_address: IpAddress,
        /// The port that the API server tells the cluster. Default: `httpsListenPort`.
        advertise_port: Port,
        /// Further names and addresses that this server's certificate holds.
        tls_san: Vec<Host>,
        /// Whether the certificate takes up no names but those that the config lists. Default true.
        tls_san_security: bool,
        /// The port of k3s' own API, where it is not that of the API server. Experimental.
        supervisor_port: Port,
        /// The API server's own port, behind k3s. Experimental.
        apiserver_port: Port,
        /// The API server's own address, behind k3s. Experimental.
        apiserver_bind_address: IpAddress,
        /// The file to write the administrator's kubeconfig to. Default `/etc/rancher/k3s/k3s.yaml`.
        write_kubeconfig: AbsolutePath,
        /// The mode of that file. Default `0600`: whoever can read it rules the cluster.
        write_kubeconfig_mode: FileMode,
        /// The group of that file.
        write_kubeconfig_group: String,
        /// The name of cluster, user and context in that file. From k3s 1.37 on.
        write_kubeconfig_name: String,
        /// Whether the socket between API server and datastore adapter is encrypted. Experimental.
        kine_tls: bool,
        /// Whether etcd's metrics can be read from outside of the server.
        etcd_expose_metrics: bool,
        /// Turns the regular snapshots of etcd off.
        etcd_disable_snapshots: bool,
        /// How the names of snapshots begin. Default `etcd-snapshot`.
        etcd_snapshot_name: String,
        /// When snapshots are made. Default `0 */12 * * *`.
        etcd_snapshot_schedule_cron: Cron,
        /// How often the list of snapshots is compared with what is stored. Default `10m`.
        etcd_snapshot_reconcile_interval: GoDuration,
        /// How many snapshots are kept on the server. Default 5.
        etcd_snapshot_retention: u32,
        /// The folder of snapshots. Default `server/db/snapshots` in `dataDir`.
        etcd_snapshot_dir: AbsolutePath,
        /// Whether snapshots are compressed.
        etcd_snapshot_compress: bool,
        /// Whether snapshots are copied to S3.
        etcd_s3: bool,
        /// The S3 service, `host` or `host:port`. Default `s3.amazonaws.com`.
        etcd_s3_endpoint: String,
        /// The file with the certificate authority of the S3 service.
        etcd_s3_endpoint_ca: AbsolutePath,
        /// Whether any certificate of the S3 service is believed.
        etcd_s3_skip_ssl_verify: bool,
        /// The bucket.
        etcd_s3_bucket: String,
        /// How the bucket stands in a request's address. Default `auto`.
        etcd_s3_bucket_lookup_type: BucketLookup,
        /// The region. Default `us-east-1`.
        etcd_s3_region: String,
        /// The folder in the bucket.
        etcd_s3_folder: String,
        /// How many snapshots are kept in S3. Default 5. From k3s 1.33.4 on.
        etcd_s3_retention: u32,
        /// A proxy on the way to S3.
        etcd_s3_proxy: HttpUrl,
        /// The Secret in kube-system that holds all S3 settings, keys included. k3s ignores it when any other `etcdS3…` but `etcdS3` is set.
        etcd_s3_config_secret: DnsName,
        /// Whether S3 is spoken without TLS.
        etcd_s3_insecure: bool,
        /// How long a request to S3 may take. Default `5m`.
        etcd_s3_timeout: GoDuration,
        /// Components of k3s that this server does not deploy, besides `k3s.disable`. All servers must agree on `servicelb`, so it goes there.
        disable: Vec<DnsName>,
        /// Turns the scheduler off on this server.
        disable_scheduler: bool,
        /// Turns the API server off on this server, for one that only holds etcd. Experimental.
        disable_apiserver: bool,
        /// Turns the controllers off on this server. Experimental.
        disable_controller_manager: bool,
        /// Turns etcd off on this server, for one that only serves the API. Experimental.
        disable_etcd: bool,
        /// Whether this server runs no pods, nor a kubelet. Experimental.
        disable_agent: bool,
        /// Whether k3s' own metrics can be read on the supervisor's port. Experimental.
        supervisor_metrics: bool,
        /// Flags of the API server, `name=value`.
        kube_apiserver_arg: Vec<String>,
        /// Flags of etcd, `name=value`.
        etcd_arg: Vec<String>,
        /// Flags of the scheduler, `name=value`.
        kube_scheduler_arg: Vec<String>,
        /// Flags of the controller manager, `name=value`.
        kube_controller_manager_arg: Vec<String>,
        /// Flags of k3s' cloud controller manager, `name=value`.
        kube_cloud_controller_manager_arg: Vec<String>,
    }
}
