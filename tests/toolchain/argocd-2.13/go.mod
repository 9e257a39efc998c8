module manifestgen.invalid/toolchain/argocd-2.13

go 1.26.0

require github.com/argoproj/argo-cd/v2 v2.13.2
