# The cluster's name server, at the address that k3s tells every pod.
{ image }:
let
  namespace = "kube-system";
  name = "test-dns";
  labels."app.kubernetes.io/name" = name;
  metadata = { inherit name namespace labels; };
  rbac = "rbac.authorization.k8s.io";
in
[
  {
    apiVersion = "v1";
    kind = "ServiceAccount";
    inherit metadata;
  }
  {
    apiVersion = "${rbac}/v1";
    kind = "ClusterRole";
    metadata = { inherit name labels; };
    rules = [
      {
        apiGroups = [ "" ];
        resources = [
          "namespaces"
          "pods"
          "services"
        ];
        verbs = [
          "list"
          "watch"
        ];
      }
      {
        apiGroups = [ "discovery.k8s.io" ];
        resources = [ "endpointslices" ];
        verbs = [
          "list"
          "watch"
        ];
      }
    ];
  }
  {
    apiVersion = "${rbac}/v1";
    kind = "ClusterRoleBinding";
    metadata = { inherit name labels; };
    roleRef = {
      apiGroup = rbac;
      kind = "ClusterRole";
      inherit name;
    };
    subjects = [
      {
        kind = "ServiceAccount";
        inherit name namespace;
      }
    ];
  }
  {
    apiVersion = "v1";
    kind = "ConfigMap";
    inherit metadata;
    data.Corefile = ''
      .:1053 {
        errors
        health :8080
        ready :8181
        kubernetes cluster.local in-addr.arpa ip6.arpa
      }
    '';
  }
  {
    apiVersion = "apps/v1";
    kind = "Deployment";
    inherit metadata;
    spec = {
      selector.matchLabels = labels;
      template = {
        metadata = { inherit labels; };
        spec = {
          serviceAccountName = name;
          securityContext = {
            runAsNonRoot = true;
            runAsUser = 65534;
            seccompProfile.type = "RuntimeDefault";
          };
          containers = [
            {
              inherit image;
              name = "coredns";
              imagePullPolicy = "IfNotPresent";
              args = [
                "-conf"
                "/etc/coredns/Corefile"
              ];
              ports = [
                {
                  name = "dns";
                  containerPort = 1053;
                  protocol = "UDP";
                }
                {
                  name = "dns-tcp";
                  containerPort = 1053;
                  protocol = "TCP";
                }
              ];
              readinessProbe.httpGet = {
                path = "/ready";
                port = 8181;
              };
              resources = {
                requests = {
                  cpu = "50m";
                  memory = "64Mi";
                };
                limits.memory = "128Mi";
              };
              securityContext = {
                allowPrivilegeEscalation = false;
                capabilities.drop = [ "ALL" ];
                readOnlyRootFilesystem = true;
              };
              volumeMounts = [
                {
                  name = "config";
                  mountPath = "/etc/coredns";
                }
              ];
            }
          ];
          volumes = [
            {
              name = "config";
              configMap = { inherit name; };
            }
          ];
        };
      };
    };
  }
  {
    apiVersion = "v1";
    kind = "Service";
    inherit metadata;
    spec = {
      selector = labels;
      clusterIP = "10.43.0.10";
      ports = [
        {
          name = "dns";
          port = 53;
          targetPort = "dns";
          protocol = "UDP";
        }
        {
          name = "dns-tcp";
          port = 53;
          targetPort = "dns-tcp";
          protocol = "TCP";
        }
      ];
    };
  }
]
