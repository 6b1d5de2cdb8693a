// Replicates on threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "linalg/dense.hpp"

namespace ranef {

// Threads that are waited for whichever way their owner is left: std::jthread, which Apple's
// standard library does not have.
class Crew {
 public:
  Crew() = default;
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew() { wait(); }

  template <class Job>
  void hire(Job& job) {
    threads_.emplace_back(std::ref(job));
  }
  bool empty() const { return threads_.empty(); }
  void wait() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  std::vector<std::thread> threads_;
};

// Hands out numbers to threads, and tells the caller how far they are.
class Work {
 public:
  explicit Work(Index count) : count_(count) {}

  // Each thread makes a worker and calls its fit(k). `proceed` is called by the calling thread,
  // several times a second, with how many are done; where it returns false the work is given up and
  // so does this. An exception in a thread ends the work and is thrown again here.
  template <class Make>
  bool run(int threads, const std::function<bool(Index)>& proceed, Make make) {
    const auto work = [this, &make] {
      try {
        auto worker = make();
        for (Index k = next_++; k < count_ && !stopped_; k = next_++) {
          worker.fit(k);
          ++done_;
        }
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!error_) error_ = std::current_exception();
        stopped_ = true;
      }
      {
        const std::lock_guard lock(mutex_);
        --running_;
      }
      finished_.notify_one();
    };
    Crew crew;
    const auto wanted = static_cast<int>(std::clamp<Index>(count_, 1, std::max(1, threads)));
    std::unique_lock lock(mutex_);  // nobody leaves before all are counted
    try {
      for (; running_ < wanted; ++running_) crew.hire(work);
    } catch (
        const std::system_error&) {  // not as many threads to be had: those there are do it all
      if (crew.empty()) throw;
    }
    while (running_ > 0) {
      finished_.wait_for(lock, std::chrono::milliseconds(50), [this] { return running_ == 0; });
      if (running_ == 0 || stopped_) continue;
      lock.unlock();
      try {
        if (proceed && !proceed(done_)) stopped_ = true;
      } catch (...) {
        stopped_ = true;
        throw;
      }
      lock.lock();
    }
    lock.unlock();
    crew.wait();
    if (error_) std::rethrow_exception(error_);
    return !stopped_;
  }

  const std::atomic<bool>& stopped() const { return stopped_; }

 private:
  Index count_;
  std::atomic<Index> next_{0};
  std::atomic<Index> done_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::condition_variable finished_;
  int running_ = 0;
  std::exception_ptr error_;
};

}  // namespace ranef
