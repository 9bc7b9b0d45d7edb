"""The table of operations, and which of them a method and a path mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote

from kalshi_tui.practice import refusals
from kalshi_tui.practice.rest import account, candles, events, exchange_info, groups, market_data, orders, portfolio
from kalshi_tui.practice.rest.call import Call, Route
from kalshi_tui.practice.rest.limits import DEFAULT_COST
from kalshi_tui.practice.rest.wire import PREFIX

_READ: Final = "read"
_BALANCE: Final = "read::portfolio_balance"
_TRADE: Final = "write::trade"
_TRANSFER: Final = "write::transfer"
_ORDERS: Final = "/portfolio/events/orders"
_GROUPS: Final = "/portfolio/order_groups"
_GROUP: Final = f"{_GROUPS}/{{order_group_id}}"
_SUBACCOUNTS: Final = "/portfolio/subaccounts"
_SHARD_TRANSFER: Final = "/portfolio/intra_exchange_instance_transfer"
_OLD: Final = "/portfolio/orders"
_CHEAP: Final = 2


def endpoint_costs(_call: Call) -> dict[str, Any]:
    """Show what does not cost the default."""
    rows = [
        {"method": route.method, "path": f"{PREFIX}{route.path}", "cost": route.cost}
        for route in ROUTES
        if route.cost != DEFAULT_COST
    ]
    return {"default_cost": DEFAULT_COST, "endpoint_costs": rows}


_MARKET_DATA: Final = (
    Route("GET", "/series", "GetSeriesList", events.series_list),
    Route("GET", "/series/fee_changes", "GetSeriesFeeChanges", events.series_fee_changes),
    Route("GET", "/series/{series_ticker}", "GetSeries", events.one_series),
    Route("GET", "/series/{series_ticker}/markets/{ticker}/candlesticks", "GetMarketCandlesticks", candles.one_market),
    Route("GET", "/events", "GetEvents", events.events),
    Route("GET", "/events/fee_changes", "GetEventFeeChanges", events.event_fee_changes),
    Route("GET", "/events/{event_ticker}", "GetEvent", events.event),
    Route("GET", "/markets", "GetMarkets", market_data.markets),
    Route("GET", "/markets/trades", "GetTrades", market_data.trades),
    Route("GET", "/markets/orderbooks", "GetMarketOrderbooks", market_data.order_books),
    Route("GET", "/markets/candlesticks", "BatchGetMarketCandlesticks", candles.many_markets),
    Route("GET", "/markets/{ticker}", "GetMarket", market_data.market),
    Route("GET", "/markets/{ticker}/orderbook", "GetMarketOrderbook", market_data.order_book),
)
_EXCHANGE: Final = (
    Route("GET", "/exchange/status", "GetExchangeStatus", exchange_info.status),
    Route("GET", "/exchange/schedule", "GetExchangeSchedule", exchange_info.schedule),
    Route("GET", "/exchange/announcements", "GetExchangeAnnouncements", exchange_info.announcements),
    Route("GET", "/exchange/user_data_timestamp", "GetUserDataTimestamp", exchange_info.user_data_timestamp),
    Route("GET", "/historical/cutoff", "GetHistoricalCutoff", exchange_info.historical_cutoff),
    Route("GET", "/historical/markets", "GetHistoricalMarkets", exchange_info.no_markets),
    Route("GET", "/historical/markets/{ticker}", "GetHistoricalMarket", market_data.unknown_market),
    Route(
        "GET",
        "/historical/markets/{ticker}/candlesticks",
        "GetMarketCandlesticksHistorical",
        market_data.unknown_market,
    ),
    Route("GET", "/historical/trades", "GetTradesHistorical", exchange_info.no_trades),
    Route("GET", "/historical/orders", "GetHistoricalOrders", exchange_info.no_orders, scope=_READ),
    Route("GET", "/historical/fills", "GetFillsHistorical", exchange_info.no_fills, scope=_READ),
    Route("GET", "/historical/positions", "GetHistoricalPositions", exchange_info.no_positions, scope=_READ),
)
_ACCOUNT: Final = (
    Route("GET", "/account/endpoint_costs", "GetAccountEndpointCosts", endpoint_costs),
    Route("GET", "/account/limits", "GetAccountApiLimits", account.limits, scope=_READ),
    Route(
        "GET",
        "/account/api_usage_level/volume_progress",
        "GetAccountApiUsageLevelVolumeProgress",
        account.volume_progress,
        scope=_READ,
    ),
    Route("GET", "/api_keys", "GetApiKeys", account.api_keys, scope=_READ),
    Route("POST", _SUBACCOUNTS, "CreateSubaccount", account.create_subaccount, status=201, scope=_TRANSFER),
    Route("GET", f"{_SUBACCOUNTS}/balances", "GetSubaccountBalances", account.subaccount_balances, scope=_BALANCE),
    Route("POST", f"{_SUBACCOUNTS}/transfer", "ApplySubaccountTransfer", account.transfer, scope=_TRANSFER),
    Route("GET", f"{_SUBACCOUNTS}/transfers", "GetSubaccountTransfers", account.transfers, scope=_READ),
    Route("GET", f"{_SUBACCOUNTS}/netting", "GetSubaccountNetting", account.netting, scope=_READ),
    Route("PUT", f"{_SUBACCOUNTS}/netting", "UpdateSubaccountNetting", account.set_netting, scope=_TRANSFER),
    Route("POST", _SHARD_TRANSFER, "IntraExchangeInstanceTransfer", account.shard_transfer, scope=_TRANSFER),
    Route("GET", f"{_SHARD_TRANSFER}s", "GetIntraExchangeInstanceTransfers", account.shard_transfers, scope=_READ),
    Route(
        "GET",
        f"{_SHARD_TRANSFER}s/{{transfer_id}}",
        "GetIntraExchangeInstanceTransfer",
        account.one_shard_transfer,
        scope=_READ,
    ),
)
_PORTFOLIO: Final = (
    Route("GET", "/portfolio/balance", "GetBalance", portfolio.balance, scope=_BALANCE),
    Route("GET", "/portfolio/positions", "GetPositions", portfolio.positions, scope=_READ),
    Route("GET", _OLD, "GetOrders", portfolio.orders, scope=_READ),
    Route("GET", f"{_OLD}/queue_positions", "GetOrderQueuePositions", portfolio.queue_positions, scope=_READ),
    Route("GET", f"{_OLD}/{{order_id}}", "GetOrder", portfolio.order, scope=_READ, cost=_CHEAP),
    Route("GET", f"{_OLD}/{{order_id}}/queue_position", "GetOrderQueuePosition", portfolio.queue_position, scope=_READ),
    Route("GET", "/portfolio/fills", "GetFills", portfolio.fills, scope=_READ),
    Route("GET", "/portfolio/settlements", "GetSettlements", portfolio.settlements, scope=_READ),
    Route(
        "GET",
        "/portfolio/summary/total_resting_order_value",
        "GetPortfolioRestingOrderTotalValue",
        portfolio.resting_value,
        scope=_READ,
    ),
    Route("GET", "/portfolio/deposits", "GetDeposits", portfolio.no_deposits, scope=_READ),
    Route("GET", "/portfolio/withdrawals", "GetWithdrawals", portfolio.no_withdrawals, scope=_READ),
)
_TRADING: Final = (
    Route("POST", _ORDERS, "CreateOrderV2", orders.create, status=201, scope=_TRADE),
    Route(
        "POST",
        f"{_ORDERS}/batched",
        "BatchCreateOrdersV2",
        orders.create_batch,
        status=201,
        scope=_TRADE,
        per_item=True,
    ),
    Route(
        "DELETE",
        f"{_ORDERS}/batched",
        "BatchCancelOrdersV2",
        orders.cancel_batch,
        scope=_TRADE,
        cost=_CHEAP,
        per_item=True,
    ),
    Route("DELETE", _ORDERS, "CancelAllOrdersV2", orders.cancel_all, status=204, scope=_TRADE),
    Route("DELETE", f"{_ORDERS}/{{order_id}}", "CancelOrderV2", orders.cancel, scope=_TRADE, cost=_CHEAP),
    Route("POST", f"{_ORDERS}/{{order_id}}/amend", "AmendOrderV2", orders.amend, scope=_TRADE),
    Route("POST", f"{_ORDERS}/{{order_id}}/decrease", "DecreaseOrderV2", orders.decrease, scope=_TRADE),
    Route("POST", f"{_GROUPS}/create", "CreateOrderGroup", groups.create, status=201, scope=_TRADE),
    Route("GET", _GROUPS, "GetOrderGroups", groups.listed, scope=_READ),
    Route("GET", _GROUP, "GetOrderGroup", groups.one, scope=_READ),
    Route("PUT", f"{_GROUP}/limit", "UpdateOrderGroupLimit", groups.set_limit, scope=_TRADE),
    Route("PUT", f"{_GROUP}/reset", "ResetOrderGroup", groups.reset, scope=_TRADE),
    Route("PUT", f"{_GROUP}/trigger", "TriggerOrderGroup", groups.trigger, scope=_TRADE),
    Route("DELETE", _GROUP, "DeleteOrderGroup", groups.delete, scope=_TRADE),
)
_GONE: Final = (
    Route("POST", _OLD, "CreateOrder", orders.gone, scope=_TRADE),
    Route("POST", f"{_OLD}/batched", "BatchCreateOrders", orders.gone, scope=_TRADE),
    Route("DELETE", f"{_OLD}/batched", "BatchCancelOrders", orders.gone, scope=_TRADE),
    Route("DELETE", f"{_OLD}/{{order_id}}", "CancelOrder", orders.gone, scope=_TRADE),
    Route("POST", f"{_OLD}/{{order_id}}/amend", "AmendOrder", orders.gone, scope=_TRADE),
    Route("POST", f"{_OLD}/{{order_id}}/decrease", "DecreaseOrder", orders.gone, scope=_TRADE),
)

ROUTES: Final = (*_MARKET_DATA, *_EXCHANGE, *_ACCOUNT, *_PORTFOLIO, *_TRADING, *_GONE)


class Router:
    """Finds routes: whole paths first, then those with names in them, by their number of parts."""

    def __init__(self, routes: Iterable[Route] = ROUTES) -> None:
        self._whole: dict[tuple[str, str], Route] = {}
        self._named: dict[tuple[str, int], list[tuple[list[str], Route]]] = {}
        for route in routes:
            parts = route.path.split("/")
            if "{" in route.path:
                self._named.setdefault((route.method, len(parts)), []).append((parts, route))
            else:
                self._whole[route.method, route.path] = route

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Return the route and the names in its path, or refuse with 404."""
        if not path.startswith(f"{PREFIX}/"):
            raise refusals.not_found()
        below = path.removeprefix(PREFIX)
        if (whole := self._whole.get((method, below))) is not None:
            return whole, {}
        parts = below.split("/")
        for pattern, route in self._named.get((method, len(parts)), ()):
            if (arguments := _match(pattern, parts)) is not None:
                return route, arguments
        raise refusals.not_found()


def _match(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    arguments: dict[str, str] = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{"):
            arguments[wanted[1:-1]] = unquote(part)
        elif wanted != part:
            return None
    return arguments
