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
      mesh = {
        type = "tailscale";
        interface = "tailscale0";
        joinedByK3s = false;
        advertiseRoute = true;
        routes = [ "192.168.1.1/32" ];
      };
      files = [ "/etc/rancher/k3s/config.yaml" ];
      images = [ "test.local/pause:local" ];
      apiPort = 6443;
      kubeconfig = "/etc/rancher/k3s/k3s.yaml";
      ports = {
        everybody = {
          tcp = [
            6443
            30080
          ];
          udp = [ 30478 ];
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
        headscale-derp = {
          file = "secrets/headscale-derp.age";
          path = "/run/agenix/headscale-derp";
          owner = "root";
          group = "root";
          mode = "0400";
        };
        headscale-noise = {
          file = "secrets/headscale-noise.age";
          path = "/run/agenix/headscale-noise";
          owner = "root";
          group = "root";
          mode = "0400";
        };
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
    worker1 = {
      role = "agent";
      addresses = [ ];
      hostKeys = [ "age16fem3e02pngfdtqhgl394w88j7m729jexfnhsddygr2zanp3eagqnvly5p" ];
      mesh = {
        type = "tailscale";
        interface = "tailscale0";
        joinedByK3s = false;
        advertiseRoute = false;
        routes = [ ];
      };
      files = [ "/etc/rancher/k3s/config.yaml" ];
      images = [ "test.local/pause:local" ];
      ports = {
        everybody = {
          tcp = [ ];
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
    worker2 = {
      role = "agent";
      addresses = [ ];
      hostKeys = [ "age16fem3e02pngfdtqhgl394w88j7m729jexfnhsddygr2zanp3eagqnvly5p" ];
      mesh = {
        type = "tailscale";
        interface = "tailscale0";
        joinedByK3s = false;
        advertiseRoute = false;
        routes = [ ];
      };
      files = [ "/etc/rancher/k3s/config.yaml" ];
      images = [ "test.local/pause:local" ];
      ports = {
        everybody = {
          tcp = [ ];
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
  images = [ "test.local/headscale:local" ];
  podInterfaces = [
    "cni0"
    "flannel.1"
    "flannel-v6.1"
  ];
  secretFiles = [
    "secrets/k3s-token.age"
    "secrets/headscale-noise.age"
    "secrets/headscale-derp.age"
  ];
  deliveredSecrets = [
    "headscale-noise"
    "headscale-derp"
  ];
  headscale = {
    namespace = "headscale";
    url = "http://192.168.1.1:30080";
    health = "http://127.0.0.1:30080/health";
    nodePort = 30080;
    policy = {
      tags = [ "tag:node" ];
      routes = [ "192.168.1.1/32" ];
    };
  };
}
