#pragma once

#include "archive/archive.hh"
#include "archive/tree.hh"
#include "crypto/ed25519.hh"
#include "json/value.hh"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vectors {

/// One line of tests/data/s9pk/index.json.
struct Vector {
  std::string file;
  bool accept = false;
  std::string level;
  std::optional<engine::archive::Commitment> commitment;
  engine::json::Value row;
};

std::string path(const std::string& file);
std::vector<Vector> all();
std::string content(const std::string& file);
std::shared_ptr<const engine::archive::ByteSource> source(const std::string& file);
engine::Result<std::shared_ptr<const engine::archive::Archive>> open(const Vector& vector);
std::shared_ptr<const engine::archive::Archive> open(const std::string& file);

/// The key "shared-1" or "shared-2" of the index.
engine::crypto::SigningKey key(const std::string& name);

}  // namespace vectors
