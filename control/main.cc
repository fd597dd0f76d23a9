#include "control/cli.h"

int main(int argc, char** argv) { return slowlane::run_cli(argc, argv); }
