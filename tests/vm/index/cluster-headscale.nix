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
      secrets = { };
    };
    worker1 = {
      role = "agent";
      addresses = [ ];
      hostKeys = [ ];
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
      secrets = { };
    };
    worker2 = {
      role = "agent";
      addresses = [ ];
      hostKeys = [ ];
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
      secrets = { };
    };
  };
  images = [ "test.local/headscale:local" ];
  podInterfaces = [
    "cni0"
    "flannel.1"
    "flannel-v6.1"
  ];
  secretFiles = [ ];
  deliveredSecrets = [ ];
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
