#include "read_cache.hpp"

#include <algorithm>
#include <utility>

#include "stockroom/telemetry/log.hpp"

namespace stockroom::gateway {

namespace {

/// What an entry takes besides its texts, about: nodes of the list and the index.
constexpr std::size_t kEntryBytes = 256;

}  // namespace

std::size_t ReadCache::Entry::bytes() const {
    return kEntryBytes + key.name.size() + body.size() + entity_tag.size();
}

ReadCache::ReadCache(Options options, telemetry::Metrics& metrics)
    : options_(options),
      hits_(metrics.counter("stockroom_cache_reads_total", "Reads by what the cache had for them.",
                            {{"result", "hit"}})),
      misses_(metrics.counter("stockroom_cache_reads_total",
                              "Reads by what the cache had for them.", {{"result", "miss"}})),
      bypassed_(metrics.counter("stockroom_cache_reads_total",
                                "Reads by what the cache had for them.", {{"result", "bypassed"}})),
      stale_(metrics.counter("stockroom_cache_stale_total",
                             "Reads answered with an old body, marked so: the store was away.")),
      flushes_(metrics.counter("stockroom_cache_flushes_total",
                               "How often all that was known became old: events were missed.")),
      entries_gauge_(metrics.gauge("stockroom_cache_entries", "Answers that are kept.")),
      bytes_gauge_(metrics.gauge("stockroom_cache_bytes", "Memory of what is kept, about.")),
      hears_gauge_(metrics.gauge("stockroom_cache_hears",
                                 "1 while it hears of every change; else reads go to the store.")),
      heartbeat_age_(metrics.gauge("stockroom_cache_heartbeat_age_seconds",
                                   "Time since the relay's last heartbeat; -1 before the first.")) {
}

bool ReadCache::hears(Time now) {
    if (hears_ && now - *heartbeat_ > options_.silence_max) stop_hearing();
    return hears_;
}

const ReadCache::Entry* ReadCache::find(const CacheKeyView& key, Time now) {
    if (!hears(now)) {
        bypassed_.add();
        return nullptr;
    }
    const auto found = index_.find(key);
    if (found == index_.end() || found->second->old_since) {
        misses_.add();
        return nullptr;
    }
    hits_.add();
    entries_.splice(entries_.begin(), entries_, found->second);
    return &*found->second;
}

const ReadCache::Entry* ReadCache::find_old(const CacheKeyView& key, Time now) {
    static_cast<void>(hears(now));  // what was right may have become old since it was asked for
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &*found->second;
}

ReadCache::Fill::Fill(std::shared_ptr<ReadCache> cache, CacheKey key, Time begun)
    : cache_(std::move(cache)), key_(std::move(key)), begun_(begun) {
    cache_->fills_.emplace(key_.view(), this);
}

ReadCache::Fill::~Fill() {
    const auto [first, last] = cache_->fills_.equal_range(key_.view());
    for (auto fill = first; fill != last; ++fill) {
        if (fill->second != this) continue;
        cache_->fills_.erase(fill);
        break;
    }
}

void ReadCache::Fill::finish(std::string body, std::string entity_tag) {
    if (is_void_) return;
    cache_->keep({.key = key_,
                  .body = std::move(body),
                  .entity_tag = std::move(entity_tag),
                  .old_since = cache_->hears_ ? std::nullopt : std::optional<Time>(begun_)});
}

void ReadCache::keep(Entry entry) {
    forget(entry.key.view());
    if (entry.bytes() > options_.bytes_max) return;
    bytes_ += entry.bytes();
    entries_.push_front(std::move(entry));
    index_.emplace(entries_.front().key.view(), entries_.begin());
    while (entries_.size() > options_.entries_max || bytes_ > options_.bytes_max)
        erase(std::prev(entries_.end()));
}

void ReadCache::erase(Entries::iterator entry) {
    bytes_ -= entry->bytes();
    index_.erase(entry->key.view());
    entries_.erase(entry);
}

void ReadCache::forget(const CacheKeyView& key) {
    const auto found = index_.find(key);
    if (found != index_.end()) erase(found->second);
}

void ReadCache::forget(std::span<const CacheKey> keys) {
    for (const CacheKey& key : keys) {
        forget(key.view());
        const auto [first, last] = fills_.equal_range(key.view());
        for (auto fill = first; fill != last; ++fill)
            fill->second->is_void_ = true;
    }
}

void ReadCache::hear(std::span<const Heard> heard, Time now) {
    // Before anything that was heard now can make the silence before it look shorter.
    static_cast<void>(hears(now));
    for (const Heard& one : heard) {
        switch (one.what) {
            case Heard::What::gap:
                stop_hearing();
                break;
            case Heard::What::events:
                hear_events(one);
                break;
            case Heard::What::heartbeat:
                hear_heartbeat(one, now);
                break;
        }
    }
}

/// Events alone are no sign of being up to date: a relay that is behind sends many of them.
void ReadCache::hear_events(const Heard& heard) {
    forget(heard.changed);
    if (!hears_ || heard.last <= position_) return;  // a repeat
    if (heard.first > position_ + 1) {
        stop_hearing();
        return;
    }
    position_ = heard.last;
}

void ReadCache::hear_heartbeat(const Heard& heard, Time now) {
    const auto position = heard.last;
    const auto sent = heartbeat_times_.sent(heard.at, now);
    // One of a relay that has lost its lead: the next relay's will tell.
    if (hears_ && position < position_) return;
    if (hears_ && position > position_) stop_hearing();
    // No news when it comes: it waited in a broker or a gateway that stood still.
    if (now - sent > options_.silence_max) return;
    heartbeat_ = std::max(sent, heartbeat_.value_or(sent));
    if (hears_) return;
    // From here on every change is heard of; a read that has begun before may have missed one.
    hears_ = true;
    position_ = position;
    for (const auto& [key, fill] : fills_)
        fill->is_void_ = true;
}

void ReadCache::stop_hearing() {
    if (!std::exchange(hears_, false)) return;
    flushes_.add();
    for (Entry& entry : entries_)
        if (!entry.old_since) entry.old_since = heartbeat_;
    for (const auto& [key, fill] : fills_)
        fill->is_void_ = true;
}

void ReadCache::show(Time now) {
    hears_gauge_.set(hears(now) ? 1 : 0);
    entries_gauge_.set(static_cast<double>(entries_.size()));
    bytes_gauge_.set(static_cast<double>(bytes_));
    heartbeat_age_.set(heartbeat_ ? std::chrono::duration<double>(now - *heartbeat_).count() : -1);
}

}  // namespace stockroom::gateway
