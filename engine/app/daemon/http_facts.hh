#pragma once

#include "app/daemon/caller.hh"

#include "http/message.hh"
#include "http/session.hh"

#include <memory>
#include <string>
#include <string_view>

namespace engine::app {

/// Who sent `request`, to the tree of `context`. `locale` comes from Accept-Language; the body is
/// hashed only where a signature header asks for it.
std::shared_ptr<const Caller> http_caller(const http::Session& session,
                                          const http::Request& request,
                                          Transport transport,
                                          const std::string& context);

/// Whether `request` says of its sender what `caller` says, so that the same Caller serves both.
bool same_sender(const Caller& caller, const http::Request& request);

}  // namespace engine::app
