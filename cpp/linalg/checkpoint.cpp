#include "linalg/checkpoint.hpp"

#include <utility>

namespace ranef {

namespace {

thread_local const std::function<bool()>* asked = nullptr;

}  // namespace

Stoppable::Stoppable(std::function<bool()> stop) : stop_(std::move(stop)), before_(asked) {
  asked = &stop_;
}

Stoppable::~Stoppable() { asked = before_; }

void checkpoint() {
  if (asked != nullptr && (*asked)()) throw Stopped();
}

}  // namespace ranef
