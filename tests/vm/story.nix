# The testScript of a story that the lab tells, too: what the scripts share, the steps, how they are played, and what is done
# at each. The steps are those of `manifestgen lab test`, from the file that it was compiled with.
name:
builtins.readFile ./scripts/cluster.py
# JSON's text in quotes is Python's.
+ "STEPS = json.loads(${
  builtins.toJSON (builtins.readFile (../../src/scenario/steps + "/${name}.json"))
})\n"
+ builtins.readFile ./scripts/steps.py
+ builtins.readFile (./scripts + "/${name}.py")
