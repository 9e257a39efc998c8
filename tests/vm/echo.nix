# Web servers that answer with what they were asked: each by its name, and on which node it runs.
{
  lib,
  image,
  namespace,
  servers,
}:
let
  server =
    name: node:
    let
      labels."app.kubernetes.io/name" = name;
      metadata = { inherit labels name namespace; };
    in
    [
      {
        apiVersion = "apps/v1";
        kind = "Deployment";
        inherit metadata;
        spec = {
          selector.matchLabels = labels;
          template = {
            metadata = { inherit labels; };
            spec = {
              automountServiceAccountToken = false;
              nodeSelector."kubernetes.io/hostname" = node;
              securityContext = {
                runAsNonRoot = true;
                runAsUser = 65534;
                seccompProfile.type = "RuntimeDefault";
              };
              containers = [
                {
                  inherit image;
                  name = "echo";
                  imagePullPolicy = "IfNotPresent";
                  args = [
                    "--name=${name}"
                    "--port=8080"
                  ];
                  ports = [
                    {
                      name = "http";
                      containerPort = 8080;
                    }
                  ];
                  readinessProbe.httpGet = {
                    path = "/health";
                    port = "http";
                  };
                  resources = {
                    requests = {
                      cpu = "10m";
                      memory = "16Mi";
                    };
                    limits.memory = "64Mi";
                  };
                  securityContext = {
                    allowPrivilegeEscalation = false;
                    capabilities.drop = [ "ALL" ];
                    readOnlyRootFilesystem = true;
                  };
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
          ports = [
            {
              name = "http";
              port = 80;
              targetPort = "http";
            }
          ];
        };
      }
    ];
in
lib.concatLists (lib.mapAttrsToList server servers)
