# Written by `manifestgen render --format nix`, which `--check` compares with the cluster file.
{
  form = 1;
  cluster = "test";
  primer = "primer";
  nodes = {
    primer = {
      role = "server";
      addresses = [ "192.168.1.1" ];
      hostKeys = [ "age16fem3e02pngfdtqhgl394w88j7m729jexfnhsddygr2zanp3eagqnvly5p" ];
      files = [ "/etc/rancher/k3s/config.yaml" ];
      images = [ "test.local/pause:local" ];
      apiPort = 6443;
      kubeconfig = "/etc/rancher/k3s/k3s.yaml";
      ports = {
        everybody = {
          tcp = [
            6443
            30443
            30880
          ];
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
      secrets = {
        index-key = {
          file = "secrets/index-key.age";
        };
        k3s-token = {
          file = "secrets/k3s-token.age";
          path = "/run/agenix/k3s-token";
          owner = "root";
          group = "root";
          mode = "0400";
        };
        shop = {
          file = "secrets/shop.age";
          path = "/run/agenix/shop";
          owner = "root";
          group = "root";
          mode = "0400";
        };
      };
    };
    worker = {
      role = "agent";
      addresses = [ "192.168.1.2" ];
      hostKeys = [ "age16fem3e02pngfdtqhgl394w88j7m729jexfnhsddygr2zanp3eagqnvly5p" ];
      files = [ "/etc/rancher/k3s/config.yaml" ];
      images = [ "test.local/pause:local" ];
      ports = {
        everybody = {
          tcp = [
            30443
            30880
          ];
          udp = [ ];
        };
        nodes = {
          tcp = [ 10250 ];
          udp = [ 8472 ];
        };
        pods = {
          tcp = [ 10250 ];
          udp = [ ];
        };
      };
      secrets = {
        index-key = {
          file = "secrets/index-key.age";
        };
        k3s-token = {
          file = "secrets/k3s-token.age";
          path = "/run/agenix/k3s-token";
          owner = "root";
          group = "root";
          mode = "0400";
        };
      };
    };
  };
  images = [
    "test.local/echo:local"
    "test.local/traefik:local"
  ];
  podInterfaces = [
    "cni0"
    "flannel.1"
    "flannel-v6.1"
  ];
  secretFiles = [
    "secrets/k3s-token.age"
    "secrets/web-ca.age"
    "secrets/shop.age"
  ];
  deliveredSecrets = [ "shop" ];
}
