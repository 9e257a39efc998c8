# Written by `manifestgen render --format nix`, which `--check` compares with the cluster file.
{
  form = 1;
  cluster = "test";
  primer = "primer";
  nodes = {
    primer = {
      role = "server";
      addresses = [ "192.168.1.1" ];
      hostKeys = [ ];
      files = [ "/etc/rancher/k3s/config.yaml" ];
      images = [ "test.local/pause:local" ];
      apiPort = 6443;
      kubeconfig = "/etc/rancher/k3s/k3s.yaml";
      ports = {
        everybody = {
          tcp = [ 6443 ];
          udp = [ ];
        };
        nodes = {
          tcp = [
            6443
            10250
          ];
          udp = [ 8472 ];
        };
        pods = {
          tcp = [
            6443
            10250
          ];
          udp = [ ];
        };
      };
      secrets = { };
    };
  };
  images = [
    "test.local/argocd:local"
    "test.local/coredns:local"
    "test.local/redis:local"
  ];
  podInterfaces = [
    "cni0"
    "flannel.1"
    "flannel-v6.1"
  ];
  secretFiles = [ ];
  deliveredSecrets = [ ];
}
