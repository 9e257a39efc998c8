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
  # Upstream's image has the program on PATH, too.
  headscale = image "headscale" [ pkgs.headscale ] {
    Entrypoint = [ "/bin/headscale" ];
    Env = [ "PATH=/bin" ];
  };
}
