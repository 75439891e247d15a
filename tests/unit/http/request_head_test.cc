#include "client.hh"
