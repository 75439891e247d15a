#include "lxc/start_applet.hh"

int main(int argc, char** argv) {
  return engine::lxc::lxc_start_applet(argc, argv);
}
