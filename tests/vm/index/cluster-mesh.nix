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
        type = "wireguard";
        interface = "wg0";
        address = "10.99.0.1";
        joinedByK3s = false;
        advertiseRoute = false;
        routes = [ ];
        wireguard = {
          port = 51820;
          mtu = 1420;
          endpoint = "192.168.1.1:51820";
          allowedIPs = [ "10.99.0.1/32" ];
        };
      };
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
    worker1 = {
      role = "agent";
      addresses = [ "192.168.1.2" ];
      hostKeys = [ ];
      mesh = {
        type = "wireguard";
        interface = "wg0";
        address = "10.99.0.2";
        joinedByK3s = false;
        advertiseRoute = false;
        routes = [ ];
        wireguard = {
          port = 51820;
          mtu = 1420;
          endpoint = "192.168.1.2:51820";
          allowedIPs = [ "10.99.0.2/32" ];
        };
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
      addresses = [ "192.168.1.3" ];
      hostKeys = [ ];
      mesh = {
        type = "wireguard";
        interface = "wg0";
        address = "10.99.0.3";
        joinedByK3s = false;
        advertiseRoute = false;
        routes = [ ];
        wireguard = {
          port = 51820;
          mtu = 1420;
          endpoint = "192.168.1.3:51820";
          allowedIPs = [ "10.99.0.3/32" ];
        };
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
    worker3 = {
      role = "agent";
      addresses = [ "192.168.1.4" ];
      hostKeys = [ ];
      mesh = {
        type = "wireguard";
        interface = "wg0";
        address = "10.99.0.4";
        joinedByK3s = false;
        advertiseRoute = false;
        routes = [ ];
        wireguard = {
          port = 51820;
          mtu = 1420;
          endpoint = "192.168.1.4:51820";
          allowedIPs = [ "10.99.0.4/32" ];
        };
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
    worker4 = {
      role = "agent";
      addresses = [ "192.168.1.5" ];
      hostKeys = [ ];
      mesh = {
        type = "wireguard";
        interface = "wg0";
        address = "10.99.0.5";
        joinedByK3s = false;
        advertiseRoute = false;
        routes = [ ];
        wireguard = {
          port = 51820;
          mtu = 1420;
          endpoint = "192.168.1.5:51820";
          allowedIPs = [ "10.99.0.5/32" ];
        };
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
  images = [ ];
  podInterfaces = [
    "cni0"
    "flannel.1"
    "flannel-v6.1"
  ];
  secretFiles = [ ];
  deliveredSecrets = [ ];
}
