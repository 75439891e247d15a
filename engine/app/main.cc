#include "app/applets.hh"

int main(int argc, char** argv) {
  return engine::app::run_applet(argc, argv);
}
