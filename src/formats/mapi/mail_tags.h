// SPDX-License-Identifier: AGPL-3.0-or-later
// For this folder only: the properties of mail beside those of tags.h, named as there.
#pragma once

#include "formats/mapi/tags.h"

namespace kontor::mapi::tag {

constexpr Tag kDeferredDeliveryTime{.id = 0x000F};
constexpr Tag kExpiryTime{.id = 0x0015};
constexpr Tag kReplyTime{.id = 0x0030};
constexpr Tag kReadReceiptName{.id = 0x003A};
constexpr Tag kSentRepresentingSearchKey{.id = 0x003B};
constexpr Tag kReadReceiptEntryId{.id = 0x0045};
constexpr Tag kConversationTopic{.id = 0x0070};
constexpr Tag kConversationIndex{.id = 0x0071};
constexpr Tag kSenderSearchKey{.id = 0x0C1D};
constexpr Tag kRtfInSync{.id = 0x0E1F};
constexpr Tag kReportText{.id = 0x1001};
constexpr Tag kNativeBody{.id = 0x1016};
constexpr Tag kListHelp{.id = 0x1043};
constexpr Tag kListSubscribe{.id = 0x1044};
constexpr Tag kListUnsubscribe{.id = 0x1045};
constexpr Tag kOriginalMessageId{.id = 0x1046};
constexpr Tag kLastVerbExecutionTime{.id = 0x1082};
constexpr Tag kAttachDisposition{.id = 0x3716};
constexpr Tag kTextAttachmentCharset{.id = 0x371B};
constexpr Tag kVerbStream = common(0x8520);
constexpr Tag kVerbResponse = common(0x8524);

// Of recipients of messages that could not be delivered ([MS-OXOMSG] section 2.2.2).
constexpr Tag kSupplementaryInfo{.id = 0x0C1B};
constexpr Tag kNonDeliveryReportStatusCode{.id = 0x0C20};
constexpr Tag kRemoteMessageTransferAgent{.id = 0x0C21};

}  // namespace kontor::mapi::tag
