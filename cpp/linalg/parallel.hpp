// A fixed list of tasks on a few threads. What a task computes may not depend on who runs it.
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "linalg/dense.hpp"

namespace ranef {

// Calls task(k) for k = 0 .. count - 1, begun in this order, on up to `threads` threads, the
// calling one among them. The first exception ends the list and is thrown again here.
template <class Task>
void run_tasks(Index count, int threads, const Task& task) {
  std::atomic<Index> next{0};
  std::exception_ptr failure;
  std::mutex guard;
  const auto work = [&] {
    for (Index k = next.fetch_add(1); k < count; k = next.fetch_add(1)) {
      try {
        task(k);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(guard);
        if (!failure) failure = std::current_exception();
        next.store(count);
      }
    }
  };
  std::vector<std::thread> others;
  try {
    for (Index t = 1; t < std::min<Index>(threads, count); ++t) others.emplace_back(work);
  } catch (const std::system_error&) {  // not as many threads to be had: those there are do it all
  }
  work();
  for (std::thread& other : others) other.join();
  if (failure) std::rethrow_exception(failure);
}

// Calls part(from, to) for the runs of `length` that make up 0 .. count - 1.
template <class Part>
void run_parts(Index count, Index length, int threads, const Part& part) {
  run_tasks((count + length - 1) / length, threads,
            [&](Index k) { part(k * length, std::min(count, (k + 1) * length)); });
}

// Numbers of some levels, to be copied or added up: enough of them to be handed to a thread.
constexpr Index kLevelRun = Index{1} << 12;

}  // namespace ranef
