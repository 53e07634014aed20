#include "instruments.hpp"

#include "stockroom/contract/names.hpp"

namespace stockroom::engine {

Instruments::Instruments(telemetry::Metrics& metrics, std::string service)
    : repeated(metrics.counter("stockroom_commands_repeated_total",
                               "Commands that came again and were answered as before",
                               {{"service", service}})),
      dead(metrics.counter("stockroom_commands_dead_total", "Commands that became dead letters",
                           {{"service", service}})),
      in_flight(metrics.gauge("stockroom_messages_in_flight",
                              "Messages taken from the queue and not yet done with",
                              {{"service", service}})),
      oldest_taken_seconds(metrics.age("stockroom_oldest_taken_seconds",
                                       "For how long the oldest command taken waits to be decided",
                                       {{"service", service}})),
      batch_size(metrics.histogram("stockroom_batch_commands", "Commands of one commit",
                                   telemetry::size_buckets(), {{"service", service}})),
      load_seconds(metrics.histogram("stockroom_batch_load_seconds",
                                     "Waiting for the store and loading what a batch touches",
                                     telemetry::duration_buckets(), {{"service", service}})),
      decide_seconds(metrics.histogram("stockroom_batch_decide_seconds", "Deciding a batch",
                                       telemetry::duration_buckets(), {{"service", service}})),
      commit_seconds(metrics.histogram("stockroom_batch_commit_seconds", "Committing a batch",
                                       telemetry::duration_buckets(), {{"service", service}})),
      metrics_(metrics),
      service_(std::move(service)),
      retries_after_trouble_(metrics.counter("stockroom_batch_retries_total",
                                             "Batches that had to be done again",
                                             {{"service", service_}, {"after", "trouble"}})),
      retries_after_conflict_(metrics.counter("stockroom_batch_retries_total",
                                              "Batches that had to be done again",
                                              {{"service", service_}, {"after", "conflict"}})) {}

void Instruments::count_command(domain::CommandKind kind, std::string_view outcome) {
    auto found = commands_.find({kind, outcome});
    if (found == commands_.end()) {
        auto counter = metrics_.counter(
            "stockroom_commands_total", "Commands decided and committed",
            {{"service", service_}, {"kind", contract::to_string(kind)}, {"outcome", outcome}});
        found = commands_.emplace(std::pair{kind, outcome}, counter).first;
    }
    found->second.add();
}

void Instruments::count_retry(ports::ErrorKind why) {
    if (why == ports::ErrorKind::conflict)
        retries_after_conflict_.add();
    else
        retries_after_trouble_.add();
}

}  // namespace stockroom::engine
