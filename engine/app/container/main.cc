#include "app/container/container_main.hh"

int main(int argc, char** argv) {
  return engine::app::container_main(argc, argv);
}
