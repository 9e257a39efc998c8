# Container images out of nixpkgs, so that no test needs a registry. The names of their files differ: k3s imports
# them by these.
{ pkgs }:
let
  image =
    name: paths: config:
    pkgs.dockerTools.buildLayeredImage {
      name = "test.local/${name}";
      tag = "local";
      contents = paths;
      inherit config;
    };
in
{
  # The sandbox of a pod: it sleeps.
  pause = image "pause" [ pkgs.tini pkgs.coreutils ] {
    Entrypoint = [
      "/bin/tini"
      "--"
      "/bin/sleep"
      "inf"
    ];
  };
  coredns = image "coredns" [ pkgs.coredns ] { Entrypoint = [ "/bin/coredns" ]; };
  # These have options alone for arguments, as upstream's entry points may have, too.
  echo = image "echo" [ pkgs.whoami ] { Entrypoint = [ "/bin/whoami" ]; };
  traefik = image "traefik" [ pkgs.traefik ] { Entrypoint = [ "/bin/traefik" ]; };
  redis = image "redis" [ pkgs.redis ] { Entrypoint = [ "/bin/redis-server" ]; };
  # One program under the names of upstream's image, with what it calls; Dex runs beside it, started by it.
  argocd =
    let
      folder = "/usr/local/bin";
      program = pkgs.runCommand "argocd-names" { } ''
        mkdir -p "$out${folder}" "$out/etc" "$out/home/argocd"
        for name in "" -server -repo-server -application-controller -applicationset-controller -notifications -dex -cmp-server; do
          ln -s ${pkgs.argocd}/bin/argocd "$out${folder}/argocd$name"
        done
        echo argocd:x:999:999::/home/argocd:/bin/sh >"$out/etc/passwd"
        echo argocd:x:999: >"$out/etc/group"
      '';
    in
    image "argocd"
      [
        program
        pkgs.bash
        pkgs.cacert
        pkgs.coreutils
        pkgs.dex-oidc
        pkgs.git
        pkgs.gnupg
        pkgs.tini
      ]
      {
        Entrypoint = [
          "/bin/tini"
          "--"
        ];
        Env = [
          "PATH=${folder}:/bin"
          "HOME=/home/argocd"
        ];
        User = "999";
      };
  # Upstream's image has the program on PATH, too.
  headscale = image "headscale" [ pkgs.headscale ] {
    Entrypoint = [ "/bin/headscale" ];
    Env = [ "PATH=/bin" ];
  };
}
