// SPDX-License-Identifier: AGPL-3.0-or-later
#include "groupware/search/extract/options.h"

namespace kontor::groupware {

void declare(config::Schema& schema, ExtractOptions& into) {
  using namespace std::chrono_literals;
  schema.flag("search.extract", into.is_on,
              {"Whether the text of attached documents is searched: PDF, RTF, OOXML (docx, xlsx, pptx), OpenDocument "
               "(odt, ods, odp, odg), EPUB. They are read by `kontor-extract`, the program beside `kontor`, which can "
               "open no file and no connection. Without that program they are not searched."});
  schema.number("search.extract_processes", into.processes, {1, 64},
                {"How many documents are read at once. The processes are started when they are needed."});
  schema.duration("search.extract_time", into.time, {1s, 10min},
                  {"How long a processor may work on one document. What takes longer, and what takes three times as "
                   "long by the clock, is not searched."});
  schema.size("search.extract_memory", into.memory, {128 << 20, 1ULL << 40},
              {"Address space of one such process. Documents that need more are not searched."});
  schema.size("search.extract_largest", into.largest, {1 << 10, 1 << 30},
              {"Documents that are larger are not searched. Each lies in the process's memory as a whole."});
}

}  // namespace kontor::groupware
